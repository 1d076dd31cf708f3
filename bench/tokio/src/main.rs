//! Tokio's own benchmarks (its `benches/`), each row the same work as its namesake in ../asyncc.
//!
//!     tokio-bench ROW [seconds]     prints: ROW units ns-per-unit-median ns-per-unit-least
//!     tokio-bench --list

#[cfg(feature = "mimalloc")]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod channels;
mod harness;
mod sched;
mod timers;

use harness::Row;

fn main() {
    let rows: Vec<Row> = [sched::rows(), timers::rows(), channels::rows()].concat();
    let args: Vec<String> = std::env::args().collect();
    if args.len() > 1 && args[1] == "--list" {
        for row in &rows {
            println!("{}", row.name);
        }
        return;
    }
    let seconds: f64 = args.get(2).map_or(0.5, |s| s.parse().expect("seconds"));
    match rows.iter().find(|row| row.name == args[1]) {
        Some(row) => harness::report(row, seconds),
        None => {
            eprintln!("tokio-bench: no row {}", args[1]);
            std::process::exit(2);
        }
    }
}
