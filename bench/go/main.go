// The rows that Go's runtime can do as the same work: goroutines for tasks, its channels, its mutex.
//
//	go-bench ROW [seconds]     prints: ROW units ns-per-unit-median ns-per-unit-least
//	go-bench --list
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

type row struct {
	name  string
	units int
	once  func() // one iteration
}

func spawnMany() {
	const n = 10000
	var left atomic.Int64
	left.Store(n)
	done := make(chan struct{})
	for i := 0; i < n; i++ {
		go func() {
			if left.Add(-1) == 0 {
				close(done)
			}
		}()
	}
	<-done
}

func yieldMany() {
	var all sync.WaitGroup
	all.Add(200)
	for i := 0; i < 200; i++ {
		go func() {
			for k := 0; k < 1000; k++ {
				runtime.Gosched()
			}
			all.Done()
		}()
	}
	all.Wait()
}

func pingPong() {
	const pairs = 1000
	var all sync.WaitGroup
	all.Add(pairs)
	for i := 0; i < pairs; i++ {
		go func() {
			ping, pong := make(chan struct{}, 1), make(chan struct{}, 1)
			go func() {
				<-ping
				pong <- struct{}{}
			}()
			ping <- struct{}{}
			<-pong
			all.Done()
		}()
	}
	all.Wait()
}

func chainedSpawn() {
	done := make(chan struct{})
	var next func(n int)
	next = func(n int) {
		if n == 0 {
			close(done)
		} else {
			go next(n - 1)
		}
	}
	go next(1000)
	<-done
}

func contended(capacity int) func() {
	return func() {
		c := make(chan int, capacity)
		for s := 0; s < 5; s++ {
			go func() {
				for i := 0; i < 1000; i++ {
					c <- i
				}
			}()
		}
		for i := 0; i < 5000; i++ {
			<-c
		}
	}
}

func uncontended() {
	c := make(chan int, 5000)
	for i := 0; i < 5000; i++ {
		c <- i
	}
	for i := 0; i < 5000; i++ {
		<-c
	}
}

func requestReply() func() {
	requests := make(chan chan struct{}, 10)
	go func() {
		for reply := range requests {
			reply <- struct{}{}
		}
	}()
	return func() {
		for i := 0; i < 1000; i++ {
			reply := make(chan struct{}, 1)
			requests <- reply
			<-reply
		}
	}
}

func mutexContended() {
	var lock sync.Mutex
	var all sync.WaitGroup
	counter := 0
	all.Add(6)
	for i := 0; i < 6; i++ {
		go func() {
			for k := 0; k < 1000; k++ {
				lock.Lock()
				counter++
				lock.Unlock()
			}
			all.Done()
		}()
	}
	all.Wait()
}

func timersFire() {
	const n = 1000000
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		d := time.Duration(500000+i) * time.Microsecond
		go func() {
			time.Sleep(d)
			all.Done()
		}()
	}
	all.Wait()
}

func main() {
	rows := []row{
		{"mt_spawn_many_local", 10000, spawnMany},
		{"mt_yield_many", 200000, yieldMany},
		{"mt_ping_pong", 1000, pingPong},
		{"mt_chained_spawn", 1000, chainedSpawn},
		{"mpsc_contended_bounded", 5000, contended(1000000)},
		{"mpsc_contended_full", 5000, contended(100)},
		{"mpsc_uncontended_bounded", 5000, uncontended},
		{"request_reply_mt1", 1000, nil},
		{"mutex_contended", 6000, mutexContended},
		{"timers_fire_million", 1000000, timersFire},
	}
	if len(os.Args) < 2 {
		os.Exit(2)
	}
	if os.Args[1] == "--list" {
		for _, r := range rows {
			fmt.Println(r.name)
		}
		return
	}
	seconds := 0.5
	if len(os.Args) > 2 {
		seconds, _ = strconv.ParseFloat(os.Args[2], 64)
	}
	for _, r := range rows {
		if r.name != os.Args[1] {
			continue
		}
		once := r.once
		switch r.name {
		case "request_reply_mt1":
			runtime.GOMAXPROCS(1)
			once = requestReply()
		case "mpsc_contended_bounded", "mpsc_contended_full", "mutex_contended":
			runtime.GOMAXPROCS(6)
		default:
			runtime.GOMAXPROCS(4)
		}
		once()
		var samples []float64
		for end := time.Now().Add(time.Duration(seconds * 1e9)); time.Now().Before(end) || len(samples) < 5; {
			start := time.Now()
			once()
			samples = append(samples, float64(time.Since(start).Nanoseconds())/float64(r.units))
		}
		sort.Float64s(samples)
		fmt.Printf("%s %d %.2f %.2f\n", r.name, r.units, samples[len(samples)/2], samples[0])
		return
	}
	fmt.Fprintf(os.Stderr, "go-bench: no row %s\n", os.Args[1])
	os.Exit(2)
}
