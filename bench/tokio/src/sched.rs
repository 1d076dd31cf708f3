//! The scheduler rows: rt_multi_threaded, rt_current_thread, remote_spawn, spawn, spawn_blocking.

use crate::harness::{Row, Timer};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use std::sync::{mpsc, Arc, Barrier};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

const SPAWNS: usize = 10_000;
const BUSY: Duration = Duration::from_micros(10);

pub fn mt(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

pub fn ct() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn stall() {
    let start = Instant::now();
    while start.elapsed() < BUSY {}
}

fn spawn_many_local(t: &mut Timer) {
    let rt = mt(4);
    let (tx, rx) = mpsc::sync_channel(1000);
    let left = Arc::new(AtomicUsize::new(0));
    t.iterate(|| {
        left.store(SPAWNS, Relaxed);
        rt.block_on(async {
            for _ in 0..SPAWNS {
                let left = left.clone();
                let tx = tx.clone();
                tokio::spawn(async move {
                    if left.fetch_sub(1, Relaxed) == 1 {
                        tx.send(()).unwrap();
                    }
                });
            }
            rx.recv().unwrap();
        });
    });
}

fn spawn_many_remote_idle(t: &mut Timer) {
    let rt = mt(4);
    let handle = rt.handle();
    let mut tasks = Vec::with_capacity(SPAWNS);
    t.iterate(|| {
        for _ in 0..SPAWNS {
            tasks.push(handle.spawn(async {}));
        }
        rt.block_on(async {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
}

fn spawn_many_remote_busy1(t: &mut Timer) {
    let rt = mt(4);
    let handle = rt.handle();
    let stop = Arc::new(AtomicBool::new(false));
    for _ in 0..8 {
        let stop = stop.clone();
        rt.spawn(async move {
            while !stop.load(Relaxed) {
                tokio::task::yield_now().await;
                stall();
            }
        });
    }
    let mut tasks = Vec::with_capacity(SPAWNS);
    t.iterate(|| {
        for _ in 0..SPAWNS {
            tasks.push(handle.spawn(async {}));
        }
        rt.block_on(async {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
    stop.store(true, Relaxed);
}

fn spawn_many_remote_busy2(t: &mut Timer) {
    const FEW: usize = 1_000;
    let rt = mt(4);
    let handle = rt.handle();
    let stop = Arc::new(AtomicBool::new(false));
    fn again(stop: Arc<AtomicBool>) {
        if !stop.load(Relaxed) {
            stall();
            tokio::spawn(async move { again(stop) });
        }
    }
    for _ in 0..4 {
        let stop = stop.clone();
        rt.spawn(async move { again(stop) });
    }
    let mut tasks = Vec::with_capacity(FEW);
    t.iterate(|| {
        for _ in 0..FEW {
            tasks.push(handle.spawn(async {}));
        }
        rt.block_on(async {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
    stop.store(true, Relaxed);
}

fn yield_many_on(rt: Runtime, t: &mut Timer) {
    const TASKS: usize = 200;
    const YIELDS: usize = 1_000;
    let mut tasks = Vec::with_capacity(TASKS);
    t.iterate(|| {
        for _ in 0..TASKS {
            tasks.push(rt.spawn(async move {
                for _ in 0..YIELDS {
                    tokio::task::yield_now().await;
                }
            }));
        }
        rt.block_on(async {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
}

fn ping_pong_on(rt: Runtime, t: &mut Timer) {
    const PAIRS: usize = 1_000;
    let left = Arc::new(AtomicUsize::new(0));
    t.iterate(|| {
        left.store(PAIRS, Relaxed);
        let left = left.clone();
        rt.block_on(async {
            let (done_tx, done_rx) = oneshot::channel();
            tokio::spawn(async move {
                let done = Arc::new(std::sync::Mutex::new(Some(done_tx)));
                for _ in 0..PAIRS {
                    let left = left.clone();
                    let done = done.clone();
                    tokio::spawn(async move {
                        let (tx1, rx1) = oneshot::channel();
                        let (tx2, rx2) = oneshot::channel();
                        tokio::spawn(async move {
                            rx1.await.unwrap();
                            tx2.send(()).unwrap();
                        });
                        tx1.send(()).unwrap();
                        rx2.await.unwrap();
                        if left.fetch_sub(1, Relaxed) == 1 {
                            done.lock().unwrap().take().unwrap().send(()).unwrap();
                        }
                    });
                }
            });
            done_rx.await.unwrap();
        });
    });
}

fn chained_spawn_on(rt: Runtime, t: &mut Timer) {
    const DEPTH: usize = 1_000;
    fn next(done: mpsc::SyncSender<()>, n: usize) {
        if n == 0 {
            done.send(()).unwrap();
        } else {
            tokio::spawn(async move { next(done, n - 1) });
        }
    }
    fn next_oneshot(done: oneshot::Sender<()>, n: usize) {
        if n == 0 {
            done.send(()).unwrap();
        } else {
            tokio::spawn(async move { next_oneshot(done, n - 1) });
        }
    }
    let multi = rt.handle().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread;
    let (tx, rx) = mpsc::sync_channel(1000);
    t.iterate(|| {
        if multi {
            let tx = tx.clone();
            rt.block_on(async {
                tokio::spawn(async move { next(tx, DEPTH) });
                rx.recv().unwrap();
            });
        } else {
            rt.block_on(async {
                let (tx, rx) = oneshot::channel();
                tokio::spawn(async move { next_oneshot(tx, DEPTH) });
                rx.await.unwrap();
            });
        }
    });
}

fn ct_spawn_many(t: &mut Timer) {
    const N: usize = 1_000;
    let rt = ct();
    let mut tasks = Vec::with_capacity(N);
    t.iterate(|| {
        rt.block_on(async {
            for _ in 0..N {
                tasks.push(tokio::spawn(async {}));
            }
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
}

fn ct_spawn_many_remote(t: &mut Timer, busy: bool) {
    const N: usize = 1_000;
    let rt = ct();
    let handle = rt.handle();
    let mut tasks = Vec::with_capacity(N);
    if busy {
        fn again() {
            stall();
            tokio::spawn(async { again() });
        }
        rt.spawn(async { again() });
    }
    t.iterate(|| {
        for _ in 0..N {
            tasks.push(handle.spawn(async {}));
        }
        rt.block_on(async {
            for task in tasks.drain(..) {
                task.await.unwrap();
            }
        });
    });
}

fn remote_spawn(t: &mut Timer, threads: usize) {
    const TOTAL: usize = 12_800;
    let rt = mt(4);
    t.iterate_custom(|| {
        let each = TOTAL / threads;
        let barrier = Arc::new(Barrier::new(threads));
        let mut workers = Vec::with_capacity(threads);
        let start = Instant::now();
        for _ in 0..threads {
            let handle = rt.handle().clone();
            let barrier = barrier.clone();
            workers.push(std::thread::spawn(move || {
                let mut tasks = Vec::with_capacity(each);
                barrier.wait();
                for _ in 0..each {
                    tasks.push(handle.spawn(async {}));
                }
                tasks
            }));
        }
        let tasks: Vec<_> = workers.into_iter().flat_map(|w| w.join().unwrap()).collect();
        let took = start.elapsed();
        rt.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        took
    });
}

async fn work() -> usize {
    let value = 1 + 1;
    tokio::task::yield_now().await;
    std::hint::black_box(value)
}

fn spawn_join(rt: Runtime, t: &mut Timer, n: usize) {
    t.iterate(|| {
        for _ in 0..1_000 {
            rt.block_on(async {
                let mut tasks = [const { None }; 10];
                for task in tasks.iter_mut().take(n) {
                    *task = Some(tokio::spawn(work()));
                }
                for task in tasks.into_iter().flatten() {
                    std::hint::black_box(task.await.unwrap());
                }
            });
        }
    });
}

fn spawn_blocking(t: &mut Timer, concurrency: usize) {
    let rt = mt(4);
    t.iterate(|| {
        let handles: Vec<_> = (0..concurrency)
            .map(|_| {
                rt.spawn(async {
                    for _ in 0..100 {
                        let batch: Vec<_> = (0..16).map(|_| tokio::task::spawn_blocking(|| ())).collect();
                        for call in batch {
                            call.await.unwrap();
                        }
                    }
                })
            })
            .collect();
        rt.block_on(async {
            for handle in handles {
                handle.await.unwrap();
            }
        });
    });
}

pub fn rows() -> Vec<Row> {
    vec![
        Row { name: "mt_spawn_many_local", units: 10_000, run: spawn_many_local },
        Row { name: "mt_spawn_many_remote_idle", units: 10_000, run: spawn_many_remote_idle },
        Row { name: "mt_spawn_many_remote_busy1", units: 10_000, run: spawn_many_remote_busy1 },
        Row { name: "mt_spawn_many_remote_busy2", units: 1_000, run: spawn_many_remote_busy2 },
        Row { name: "mt_ping_pong", units: 1_000, run: |t| ping_pong_on(mt(4), t) },
        Row { name: "mt_yield_many", units: 200_000, run: |t| yield_many_on(mt(4), t) },
        Row { name: "mt_chained_spawn", units: 1_000, run: |t| chained_spawn_on(mt(4), t) },
        Row { name: "ct_spawn_many_local", units: 1_000, run: ct_spawn_many },
        Row { name: "ct_spawn_many_remote_idle", units: 1_000, run: |t| ct_spawn_many_remote(t, false) },
        Row { name: "ct_spawn_many_remote_busy", units: 1_000, run: |t| ct_spawn_many_remote(t, true) },
        Row { name: "ct_ping_pong", units: 1_000, run: |t| ping_pong_on(ct(), t) },
        Row { name: "ct_yield_many", units: 200_000, run: |t| yield_many_on(ct(), t) },
        Row { name: "ct_chained_spawn", units: 1_000, run: |t| chained_spawn_on(ct(), t) },
        Row { name: "remote_spawn_1", units: 12_800, run: |t| remote_spawn(t, 1) },
        Row { name: "remote_spawn_8", units: 12_800, run: |t| remote_spawn(t, 8) },
        Row { name: "remote_spawn_64", units: 12_800, run: |t| remote_spawn(t, 64) },
        Row { name: "ct_spawn_join_1", units: 1_000, run: |t| spawn_join(ct(), t, 1) },
        Row { name: "ct_spawn_join_10", units: 10_000, run: |t| spawn_join(ct(), t, 10) },
        Row { name: "mt1_spawn_join_1", units: 1_000, run: |t| spawn_join(mt(1), t, 1) },
        Row { name: "mt1_spawn_join_10", units: 10_000, run: |t| spawn_join(mt(1), t, 10) },
        Row { name: "spawn_blocking_1", units: 1_600, run: |t| spawn_blocking(t, 1) },
        Row { name: "spawn_blocking_16", units: 25_600, run: |t| spawn_blocking(t, 16) },
    ]
}
