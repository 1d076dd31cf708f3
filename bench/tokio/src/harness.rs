//! Times one row: iterations until the time is used up; the median and the least time of a unit.

use std::time::{Duration, Instant};

/// `run` makes its runtime, then hands each iteration to `Timer::iterate`. `units` are the operations of one iteration.
#[derive(Clone)]
pub struct Row {
    pub name: &'static str,
    pub units: u64,
    pub run: fn(&mut Timer),
}

pub struct Timer {
    deadline: Instant,
    pub samples: Vec<Duration>,
    warm: bool,
}

impl Timer {
    /// Times whole iterations.
    pub fn iterate(&mut self, mut f: impl FnMut()) {
        self.iterate_custom(|| {
            let start = Instant::now();
            f();
            start.elapsed()
        });
    }

    /// For iterations that time a part of themselves.
    pub fn iterate_custom(&mut self, mut f: impl FnMut() -> Duration) {
        while !self.warm || Instant::now() < self.deadline || self.samples.len() < 5 {
            let took = f();
            if self.warm {
                self.samples.push(took);
            }
            self.warm = true;
        }
    }
}

pub fn report(row: &Row, seconds: f64) {
    let mut timer = Timer {
        deadline: Instant::now() + Duration::from_secs_f64(seconds),
        samples: Vec::new(),
        warm: false,
    };
    (row.run)(&mut timer);
    timer.samples.sort();
    let unit = |d: Duration| d.as_nanos() as f64 / row.units as f64;
    let median = unit(timer.samples[timer.samples.len() / 2]);
    println!("{} {} {:.2} {:.2}", row.name, row.units, median, unit(timer.samples[0]));
}
