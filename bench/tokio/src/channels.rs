//! Channels and locks: sync_mpsc, sync_mpsc_oneshot, sync_notify, sync_rwlock, sync_semaphore, sync_watch, sync_broadcast, mutex.

use crate::harness::{Row, Timer};
use crate::sched::{ct, mt};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{broadcast, mpsc, oneshot, watch, Mutex, Notify, RwLock, Semaphore};

fn mpsc_create(t: &mut Timer, capacity: usize) {
    t.iterate(|| {
        for _ in 0..1_000 {
            black_box(mpsc::channel::<[u8; 512]>(capacity));
        }
    });
}

fn mpsc_send<const SIZE: usize>(t: &mut Timer) {
    let rt = ct();
    t.iterate(|| {
        for _ in 0..100 {
            let (tx, mut rx) = mpsc::channel::<[u8; SIZE]>(1000);
            let _ = rt.block_on(tx.send([0; SIZE]));
            black_box(rt.block_on(rx.recv()).unwrap());
        }
    });
}

fn contention_bounded(t: &mut Timer, capacity: usize, many: bool) {
    let rt = mt(6);
    t.iterate(|| {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::channel::<usize>(capacity);
            for _ in 0..5 {
                let tx = tx.clone();
                tokio::spawn(async move {
                    for i in 0..1_000 {
                        tx.send(i).await.unwrap();
                    }
                });
            }
            if many {
                let mut buffer = Vec::with_capacity(5_000);
                let mut total = 0;
                while total < 5_000 {
                    total += rx.recv_many(&mut buffer, 5_000).await;
                }
            } else {
                for _ in 0..5_000 {
                    black_box(rx.recv().await);
                }
            }
        });
    });
}

fn contention_unbounded(t: &mut Timer, many: bool) {
    let rt = mt(6);
    t.iterate(|| {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::unbounded_channel::<usize>();
            for _ in 0..5 {
                let tx = tx.clone();
                tokio::spawn(async move {
                    for i in 0..1_000 {
                        tx.send(i).unwrap();
                    }
                });
            }
            if many {
                let mut buffer = Vec::with_capacity(5_000);
                let mut total = 0;
                while total < 5_000 {
                    total += rx.recv_many(&mut buffer, 5_000).await;
                }
            } else {
                for _ in 0..5_000 {
                    black_box(rx.recv().await);
                }
            }
        });
    });
}

fn uncontended_bounded(t: &mut Timer, many: bool) {
    let rt = mt(6);
    t.iterate(|| {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::channel::<usize>(1_000_000);
            for i in 0..5_000 {
                tx.send(i).await.unwrap();
            }
            if many {
                let mut buffer = Vec::with_capacity(5_000);
                let mut total = 0;
                while total < 5_000 {
                    total += rx.recv_many(&mut buffer, 5_000).await;
                }
            } else {
                for _ in 0..5_000 {
                    black_box(rx.recv().await);
                }
            }
        });
    });
}

fn uncontended_unbounded(t: &mut Timer) {
    let rt = mt(6);
    t.iterate(|| {
        rt.block_on(async {
            let (tx, mut rx) = mpsc::unbounded_channel::<usize>();
            for i in 0..5_000 {
                tx.send(i).unwrap();
            }
            for _ in 0..5_000 {
                black_box(rx.recv().await);
            }
        });
    });
}

fn request_reply(rt: Runtime, t: &mut Timer) {
    let tx = rt.block_on(async {
        let (tx, mut rx) = mpsc::channel::<oneshot::Sender<()>>(10);
        tokio::spawn(async move {
            while let Some(reply) = rx.recv().await {
                reply.send(()).unwrap();
            }
        });
        tx
    });
    t.iterate(|| {
        let tx = tx.clone();
        rt.block_on(async move {
            for _ in 0..1_000 {
                let (reply, answer) = oneshot::channel();
                tx.send(reply).await.unwrap();
                answer.await.unwrap();
            }
        });
    });
}

fn notify(t: &mut Timer, waiters: usize, all: bool) {
    const TARGET: usize = 500;
    let rt = mt(6);
    let notify = Arc::new(Notify::new());
    let counter = Arc::new(AtomicUsize::new(0));
    for _ in 0..waiters {
        let (notify, counter) = (notify.clone(), counter.clone());
        rt.spawn(async move {
            loop {
                notify.notified().await;
                counter.fetch_add(1, Relaxed);
            }
        });
    }
    t.iterate(|| {
        counter.store(0, Relaxed);
        loop {
            if all {
                notify.notify_waiters();
            } else {
                notify.notify_one();
            }
            if counter.load(Relaxed) > TARGET {
                break;
            }
        }
    });
}

fn rwlock_uncontended(t: &mut Timer) {
    let rt = mt(6);
    let lock = Arc::new(RwLock::new(()));
    t.iterate(|| {
        let lock = lock.clone();
        rt.block_on(async move {
            for _ in 0..100 {
                for _ in 0..6 {
                    let guard = lock.read().await;
                    black_box(&guard);
                }
            }
        });
    });
}

fn rwlock_concurrent_multi(t: &mut Timer) {
    let rt = mt(6);
    let lock = Arc::new(RwLock::new(()));
    t.iterate(|| {
        let lock = lock.clone();
        rt.block_on(async move {
            let tasks: Vec<_> = (0..6)
                .map(|_| {
                    let lock = lock.clone();
                    tokio::spawn(async move {
                        let guard = lock.read().await;
                        black_box(&guard);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

fn rwlock_contended(t: &mut Timer) {
    let rt = mt(6);
    let lock = Arc::new(RwLock::new(()));
    t.iterate(|| {
        let lock = lock.clone();
        rt.block_on(async move {
            let write = lock.write().await;
            let tasks: Vec<_> = (0..5)
                .map(|_| {
                    let lock = lock.clone();
                    tokio::spawn(async move {
                        let guard = lock.read().await;
                        black_box(&guard);
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            drop(write);
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

fn semaphore_uncontended(t: &mut Timer) {
    let rt = mt(6);
    let s = Arc::new(Semaphore::new(10));
    t.iterate(|| {
        let s = s.clone();
        rt.block_on(async move {
            for _ in 0..100 {
                for _ in 0..6 {
                    let permit = s.acquire().await;
                    black_box(&permit);
                }
            }
        });
    });
}

fn semaphore_contended(t: &mut Timer, permits: usize) {
    let rt = mt(6);
    let s = Arc::new(Semaphore::new(permits));
    t.iterate(|| {
        let s = s.clone();
        rt.block_on(async move {
            let tasks: Vec<_> = (0..6)
                .map(|_| {
                    let s = s.clone();
                    tokio::spawn(async move {
                        let permit = s.acquire().await;
                        black_box(&permit);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

fn mutex_uncontended(t: &mut Timer) {
    let rt = mt(6);
    let lock = Arc::new(Mutex::new(0u64));
    t.iterate(|| {
        let lock = lock.clone();
        rt.block_on(async move {
            for _ in 0..1_000 {
                *lock.lock().await += 1;
            }
        });
    });
}

fn mutex_contended(t: &mut Timer) {
    let rt = mt(6);
    let lock = Arc::new(Mutex::new(0u64));
    t.iterate(|| {
        let lock = lock.clone();
        rt.block_on(async move {
            let tasks: Vec<_> = (0..6)
                .map(|_| {
                    let lock = lock.clone();
                    tokio::spawn(async move {
                        for _ in 0..1_000 {
                            *lock.lock().await += 1;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

/// What a receiver does with a value: ten numbers written out, by the same loop here and in ../asyncc/channels.ac. (Tokio's own
/// benchmark formats floats; then the row would compare Rust's formatter with printf.)
fn format_ten(seed: u64) {
    let mut text = [0u8; 24];
    for i in 0..10u64 {
        let mut n = seed.wrapping_mul(6364136223846793005).wrapping_add(i) | 1 << 63;
        let mut at = text.len();
        while n > 0 {
            at -= 1;
            text[at] = b'0' + (n % 10) as u8;
            n /= 10;
        }
        black_box(&text);
    }
}

fn watch_contention(t: &mut Timer, receivers: usize) {
    let rt = mt(6);
    let (tx, _) = watch::channel(0u64);
    let (done_tx, mut done_rx) = mpsc::channel::<()>(receivers);
    for _ in 0..receivers {
        let mut rx = tx.subscribe();
        let done = done_tx.clone();
        rt.spawn(async move {
            while rx.changed().await.is_ok() {
                let seed = *rx.borrow_and_update();
                format_ten(seed);
                if done.send(()).await.is_err() {
                    break;
                }
            }
        });
    }
    t.iterate(|| {
        rt.block_on(async {
            for round in 0..100 {
                tx.send(round).unwrap();
                for _ in 0..receivers {
                    done_rx.recv().await.unwrap();
                }
            }
        });
    });
}

fn broadcast_contention(t: &mut Timer, receivers: usize) {
    let rt = mt(6);
    let (tx, _) = broadcast::channel::<u64>(1_000);
    let (done_tx, mut done_rx) = mpsc::channel::<()>(receivers);
    for _ in 0..receivers {
        let mut rx = tx.subscribe();
        let done = done_tx.clone();
        rt.spawn(async move {
            while let Ok(seed) = rx.recv().await {
                format_ten(seed);
                if done.send(()).await.is_err() {
                    break;
                }
            }
        });
    }
    t.iterate(|| {
        rt.block_on(async {
            for round in 0..100 {
                tx.send(round).unwrap();
                for _ in 0..receivers {
                    done_rx.recv().await.unwrap();
                }
            }
        });
    });
}

pub fn rows() -> Vec<Row> {
    vec![
        Row { name: "mpsc_create_1", units: 1_000, run: |t| mpsc_create(t, 1) },
        Row { name: "mpsc_create_100", units: 1_000, run: |t| mpsc_create(t, 100) },
        Row { name: "mpsc_create_100000", units: 1_000, run: |t| mpsc_create(t, 100_000) },
        Row { name: "mpsc_send_512", units: 100, run: mpsc_send::<512> },
        Row { name: "mpsc_send_32k", units: 100, run: mpsc_send::<32768> },
        Row { name: "mpsc_contended_bounded", units: 5_000, run: |t| contention_bounded(t, 1_000_000, false) },
        Row { name: "mpsc_contended_bounded_many", units: 5_000, run: |t| contention_bounded(t, 1_000_000, true) },
        Row { name: "mpsc_contended_full", units: 5_000, run: |t| contention_bounded(t, 100, false) },
        Row { name: "mpsc_contended_full_many", units: 5_000, run: |t| contention_bounded(t, 100, true) },
        Row { name: "mpsc_contended_unbounded", units: 5_000, run: |t| contention_unbounded(t, false) },
        Row { name: "mpsc_contended_unbounded_many", units: 5_000, run: |t| contention_unbounded(t, true) },
        Row { name: "mpsc_uncontended_bounded", units: 5_000, run: |t| uncontended_bounded(t, false) },
        Row { name: "mpsc_uncontended_bounded_many", units: 5_000, run: |t| uncontended_bounded(t, true) },
        Row { name: "mpsc_uncontended_unbounded", units: 5_000, run: uncontended_unbounded },
        Row { name: "request_reply_ct", units: 1_000, run: |t| request_reply(ct(), t) },
        Row { name: "request_reply_mt1", units: 1_000, run: |t| request_reply(mt(1), t) },
        Row { name: "notify_one_10", units: 500, run: |t| notify(t, 10, false) },
        Row { name: "notify_one_500", units: 500, run: |t| notify(t, 500, false) },
        Row { name: "notify_waiters_10", units: 500, run: |t| notify(t, 10, true) },
        Row { name: "notify_waiters_500", units: 500, run: |t| notify(t, 500, true) },
        Row { name: "rwlock_uncontended", units: 600, run: rwlock_uncontended },
        Row { name: "rwlock_concurrent_multi", units: 6, run: rwlock_concurrent_multi },
        Row { name: "rwlock_contended_multi", units: 6, run: rwlock_contended },
        Row { name: "semaphore_uncontended", units: 600, run: semaphore_uncontended },
        Row { name: "semaphore_concurrent_multi", units: 6, run: |t| semaphore_contended(t, 10) },
        Row { name: "semaphore_contended_multi", units: 6, run: |t| semaphore_contended(t, 5) },
        Row { name: "mutex_uncontended", units: 1_000, run: mutex_uncontended },
        Row { name: "mutex_contended", units: 6_000, run: mutex_contended },
        Row { name: "watch_10", units: 1_000, run: |t| watch_contention(t, 10) },
        Row { name: "watch_1000", units: 100_000, run: |t| watch_contention(t, 1_000) },
        Row { name: "broadcast_10", units: 1_000, run: |t| broadcast_contention(t, 10) },
        Row { name: "broadcast_1000", units: 100_000, run: |t| broadcast_contention(t, 1_000) },
    ]
}
