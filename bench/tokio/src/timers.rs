//! Timers, signals, and the memory of sleeping tasks.

use crate::harness::{Row, Timer};
use crate::sched::{ct, mt};
use std::time::Duration;
use tokio::signal::unix::{signal, SignalKind};
use tokio::time::{sleep, timeout};

/// A deadline that is armed and cancelled: the body yields once under a timeout of a second.
fn timeout_armed(t: &mut Timer, workers: usize) {
    const N: usize = 10_000;
    let rt = mt(workers);
    t.iterate(|| {
        rt.block_on(async {
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    tokio::spawn(async {
                        for _ in 0..N / 4 {
                            timeout(Duration::from_secs(1), tokio::task::yield_now()).await.unwrap();
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

fn timeout_ready(t: &mut Timer) {
    let rt = mt(1);
    t.iterate(|| {
        rt.block_on(async {
            tokio::spawn(async {
                for _ in 0..10_000 {
                    timeout(Duration::from_secs(1), async { std::hint::black_box(1) }).await.unwrap();
                }
            })
            .await
            .unwrap();
        });
    });
}

/// A million timers pending at once, spread over a second; all fire.
fn timers_fire(t: &mut Timer) {
    const N: usize = 1_000_000;
    let rt = ct();
    t.iterate(|| {
        rt.block_on(async {
            let tasks: Vec<_> = (0..N)
                .map(|i| tokio::spawn(sleep(Duration::from_micros(500_000 + i as u64))))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

fn many_signals(t: &mut Timer) {
    let rt = ct();
    let (tx, mut rx) = tokio::sync::mpsc::channel(1);
    rt.block_on(async {
        for kind in [SignalKind::child(), SignalKind::io()] {
            for _ in 0..10 {
                let tx = tx.clone();
                let mut listener = signal(kind).unwrap();
                tokio::spawn(async move {
                    while listener.recv().await.is_some() && tx.send(()).await.is_ok() {}
                });
            }
        }
        tokio::task::yield_now().await;
    });
    t.iterate(|| {
        rt.block_on(async {
            for signo in [libc::SIGCHLD, libc::SIGIO] {
                unsafe { libc::raise(signo) };
                for _ in 0..10 {
                    rx.recv().await.unwrap();
                }
            }
        });
    });
}

/// The growth of the resident set for a million tasks that sleep, in bytes a task ("ns" in the report).
fn memory(t: &mut Timer) {
    const N: usize = 1_000_000;
    fn resident() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }
    let rt = ct();
    let before = resident();
    rt.block_on(async {
        for _ in 0..N {
            tokio::spawn(sleep(Duration::from_secs(3600)));
        }
        tokio::task::yield_now().await;
    });
    t.samples.push(Duration::from_nanos(resident() - before));
}

pub fn rows() -> Vec<Row> {
    vec![
        Row { name: "timeout_ready", units: 10_000, run: timeout_ready },
        Row { name: "timeout_armed_cancelled_mt1", units: 10_000, run: |t| timeout_armed(t, 1) },
        Row { name: "timeout_armed_cancelled_mt8", units: 10_000, run: |t| timeout_armed(t, 8) },
        Row { name: "timers_fire_million", units: 1_000_000, run: timers_fire },
        Row { name: "signals", units: 20, run: many_signals },
        Row { name: "memory_sleeping_task", units: 1_000_000, run: memory },
    ]
}
