//! The functions of the example programs, in Rust on Tokio, to compare the sizes of their futures: prints
//! `program function bytes`. Nothing here is run. What asyncc calls `defer` is a scope guard, `within` a timeout,
//! `run_until` and `select` a select!, `gather` a join!. The printing is left out where it holds no value over an await.

use scopeguard::defer;
use std::mem::size_of_val;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{broadcast, mpsc, oneshot, watch, Barrier, Mutex, Notify, RwLock, Semaphore};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

fn show(program: &str, function: &str, bytes: usize) {
    println!("{program} {function} {bytes}");
}

mod hello {
    use super::*;
    pub async fn doubled_later(n: i32) -> i32 {
        sleep(Duration::from_millis(100)).await;
        2 * n
    }
    pub async fn main() -> i32 {
        let start = std::time::Instant::now();
        let a = tokio::spawn(doubled_later(20));
        let b = tokio::spawn(doubled_later(1));
        println!("{}", a.await.unwrap() + b.await.unwrap());
        println!("{}", start.elapsed() < Duration::from_millis(190));
        0
    }
}

mod cancel {
    use super::*;
    pub async fn inner() {
        defer! { println!("inner out") }
        sleep(Duration::from_secs(60)).await;
        println!("unreachable");
    }
    pub async fn outer(name: &'static str) {
        defer! { println!("{name} out") }
        {
            defer! { println!("{name} block") }
            yield_now().await;
        }
        defer! { println!("{name} second") }
        inner().await;
    }
    pub async fn main() {
        let t = tokio::spawn(outer("aborted"));
        sleep(Duration::from_millis(5)).await;
        t.abort();
        let status = t.await;
        println!("{}", status.is_err());
        if timeout(Duration::from_millis(5), outer("timed")).await.is_err() {
            println!("too late");
        }
        let in_time = async {
            yield_now().await;
            println!("in time");
        };
        if timeout(Duration::from_secs(5), in_time).await.is_err() {
            println!("unreachable");
        }
        let stop = CancellationToken::new();
        let mut turns = 0;
        tokio::select! {
            biased;
            _ = async {
                defer! { println!("loop out") }
                loop {
                    sleep(Duration::from_millis(1)).await;
                    turns += 1;
                    if turns == 3 { stop.cancel(); }
                }
            } => {}
            _ = stop.cancelled() => {}
        }
        println!("{turns} turns");
        let (a, b);
        (a, b) = tokio::join!(
            async { sleep(Duration::from_millis(2)).await; 1 },
            async { sleep(Duration::from_millis(1)).await; 2 }
        );
        println!("{}", a + b);
        tokio::select! {
            _ = outer("left behind") => {}
            _ = sleep(Duration::from_millis(3)) => {}
        }
    }
}

mod channels {
    use super::*;
    #[derive(Clone)]
    pub struct Order {
        pub id: i32,
        pub price: f64,
    }
    pub async fn produce(tx: mpsc::Sender<Order>, from: i32) {
        for i in from..from + 1000 {
            let _ = tx.send(Order { id: i, price: 0.5 }).await;
        }
    }
    pub async fn answer(tx: oneshot::Sender<i32>, n: i32) {
        yield_now().await;
        let _ = tx.send(n * n);
    }
    pub async fn listen_all(mut rx: broadcast::Receiver<i32>) -> i32 {
        let mut sum = 0;
        loop {
            match rx.recv().await {
                Ok(v) => sum += v,
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(_) => return sum,
            }
        }
    }
    pub async fn main() {
        let (tx, mut rx) = mpsc::channel(16);
        for p in 0..4 {
            tokio::spawn(produce(tx.clone(), p * 1000));
        }
        drop(tx);
        let (mut ids, mut total) = (0i64, 0.0);
        while let Some(o) = rx.recv().await {
            ids += o.id as i64;
            total += o.price;
        }
        drop(rx);
        println!("{ids} {total}");
        let (reply, wait) = oneshot::channel();
        tokio::spawn(answer(reply, 12));
        println!("{}", wait.await.unwrap());
        let (news, _) = broadcast::channel(64);
        let mut l = [const { None }; 3];
        for slot in &mut l {
            *slot = Some(tokio::spawn(listen_all(news.subscribe())));
        }
        for i in 1..=10 {
            let _ = news.send(i);
        }
        drop(news);
        for task in l {
            println!("{}", task.unwrap().await.unwrap());
        }
        let (level, mut gauge) = watch::channel(1);
        let _ = level.send(2);
        let _ = level.send(3);
        if gauge.changed().await.is_ok() {
            println!("{}", *gauge.borrow_and_update());
        }
        drop(level);
        println!("{}", gauge.changed().await.is_ok());
    }
}

mod everywhere {
    use super::*;
    use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
    static CALLS: AtomicI32 = AtomicI32::new(0);
    #[derive(Clone, Copy)]
    pub struct Point {
        pub x: i32,
        pub y: i32,
    }
    pub async fn id(n: i32) -> i32 {
        CALLS.fetch_add(1, Relaxed);
        yield_now().await;
        n
    }
    pub async fn point_at(x: i32, y: i32) -> Point {
        yield_now().await;
        Point { x, y }
    }
    pub async fn touch(p: &mut i32) {
        yield_now().await;
        *p += 1;
    }
    pub async fn name_of(c: i32) -> &'static str {
        yield_now().await;
        if c == 5 { "green" } else { "other" }
    }
    pub async fn short_circuit(a: i32) -> i32 {
        if a != 0 && id(0).await != 0 && id(1).await != 0 {
            return -1;
        }
        let v = if a != 0 { id(10).await } else { id(20).await };
        id(1).await;
        id(2).await + v
    }
    pub async fn loops(n: i32) -> i32 {
        let mut sum = 0;
        let mut i = id(0).await;
        while i < id(n).await {
            if i == 3 {
                i += id(1).await;
                continue;
            }
            if i == 7 {
                break;
            }
            sum += id(i).await;
            i += id(1).await;
        }
        while id(sum).await > 10 {
            sum -= id(4).await;
        }
        loop {
            sum += 1;
            if id(sum).await >= 12 {
                return sum;
            }
        }
    }
    pub async fn switches(n: i32) -> i32 {
        let mut r = 0;
        match id(n).await {
            0 => {
                r = id(100).await;
                r += id(10).await;
            }
            1 => r += id(10).await,
            2 => {
                let mut inner = id(5).await;
                loop {
                    let was = inner;
                    inner -= 1;
                    if id(was).await == 0 {
                        break;
                    }
                    if inner > 2 {
                        continue;
                    }
                    r += 1;
                }
            }
            _ => r = -1,
        }
        r
    }
    pub async fn jumps(n: i32) -> i32 {
        let mut tries = 0;
        loop {
            yield_now().await;
            tries += 1;
            if tries >= n {
                return tries;
            }
        }
    }
    pub async fn shadows(x: i32) -> i32 {
        let mut r = x;
        {
            let x = id(2).await;
            r += x;
            {
                let x = [id(3).await, 4, 5];
                yield_now().await;
                r += x[0] + x[1] + x[2];
            }
            r += x;
        }
        r + x
    }
    pub async fn addresses() -> i32 {
        let mut n = 1;
        let p = &mut n;
        touch(p).await;
        touch(&mut n).await;
        let mut q = point_at(3, 4).await;
        let pq = &mut q;
        yield_now().await;
        pq.x += id(1).await;
        let k = Point { x: 0, y: id(9).await };
        yield_now().await;
        let mut seven = 7;
        let alias = &mut seven;
        yield_now().await;
        *alias += 1;
        n * 1000 + q.x * 100 + k.y * 10 + seven
    }
    pub async fn statics() -> i32 {
        yield_now().await;
        CALLS.fetch_add(1, Relaxed)
    }
    pub async fn main() -> i32 {
        assert!(short_circuit(0).await == 22 && short_circuit(1).await == 12);
        assert!(loops(9).await == 12);
        assert!(switches(0).await == 110 && switches(1).await == 10 && switches(2).await == 3 && switches(9).await == -1);
        assert!(jumps(5).await == 5);
        assert!(shadows(1).await == 18);
        assert!(addresses().await == 3498);
        statics().await;
        assert!(statics().await == 2);
        assert!(id(7).await * id(7).await == 49);
        assert!(point_at(1, 2).await.y == 2);
        assert!(name_of(5).await == "green");
        println!("{}", name_of(6).await);
        id(0).await
    }
}

mod locks {
    use super::*;
    pub static LOCK: Mutex<i64> = Mutex::const_new(0);
    pub static TABLE: RwLock<[i64; 2]> = RwLock::const_new([0, 0]);
    pub static THREE: Semaphore = Semaphore::const_new(3);
    pub static READY: Notify = Notify::const_new();
    pub async fn count() {
        for i in 0..1000 {
            let mut counter = LOCK.lock().await;
            let seen = *counter;
            if i % 100 == 0 {
                yield_now().await;
            }
            *counter = seen + 1;
        }
    }
    pub async fn read_or_write(i: i32) -> i32 {
        let mut torn = 0;
        for _ in 0..100 {
            if i == 0 {
                let mut table = TABLE.write().await;
                table[0] += 1;
                yield_now().await;
                table[1] += 1;
            } else {
                let table = TABLE.read().await;
                torn += (table[0] != table[1]) as i32;
            }
            yield_now().await;
        }
        torn
    }
    pub async fn limited() {
        let _permit = THREE.acquire().await.unwrap();
        {
            *LOCK.lock().await += 1;
        }
        sleep(Duration::from_millis(1)).await;
        *LOCK.lock().await -= 1;
    }
    pub async fn meet(start: &'static Barrier) {
        if start.wait().await.is_leader() {
            READY.notify_one();
        }
    }
}

mod recursion {
    use super::*;
    use std::future::Future;
    use std::pin::Pin;
    pub async fn fib(n: i32) -> i32 {
        fn again(n: i32) -> Pin<Box<dyn Future<Output = i32>>> {
            Box::pin(fib(n))
        }
        if n < 2 { n } else { again(n - 1).await + again(n - 2).await }
    }
    pub async fn is_even(n: u32) -> bool {
        fn odd(n: u32) -> Pin<Box<dyn Future<Output = bool>>> {
            Box::pin(is_odd(n))
        }
        yield_now().await;
        n == 0 || odd(n - 1).await
    }
    pub async fn is_odd(n: u32) -> bool {
        fn even(n: u32) -> Pin<Box<dyn Future<Output = bool>>> {
            Box::pin(is_even(n))
        }
        n != 0 && even(n - 1).await
    }
    pub struct Shape {
        pub a: f64,
        pub b: f64,
    }
    pub async fn box_area(s: &Shape) -> f64 {
        yield_now().await;
        s.a * s.b
    }
    pub async fn circle_area(s: &Shape) -> f64 {
        3.0 * s.a * s.a
    }
    pub async fn leaf(depth: i32) -> i32 {
        yield_now().await;
        depth
    }
    pub type Visit = fn(i32) -> Pin<Box<dyn Future<Output = i32>>>;
    pub async fn twice(v: Visit, depth: i32) -> i32 {
        v(depth).await + v(depth).await
    }
}

mod selects {
    use super::*;
    pub async fn after(ms: u64, value: i32) -> i32 {
        defer! { println!("after({ms}) ends") }
        sleep(Duration::from_millis(ms)).await;
        value
    }
    pub async fn quietly(value: i32) -> i32 {
        yield_now().await;
        value
    }
    pub async fn feed(tx: mpsc::Sender<i32>) {
        for i in 1..=3 {
            let _ = tx.send(i).await;
            sleep(Duration::from_millis(5)).await;
        }
    }
    pub async fn main() -> i32 {
        tokio::select! {
            v = after(5, 1) => println!("won {v}"),
            _ = after(500, 2) => println!("unreachable"),
        }
        let (tx, mut rx) = mpsc::channel(8);
        tokio::spawn(feed(tx));
        let deadline = sleep(Duration::from_secs(10));
        tokio::pin!(deadline);
        let mut open = true;
        while open {
            tokio::select! {
                got = rx.recv() => match got {
                    Some(got) => println!("got {got}"),
                    None => open = false,
                },
                _ = &mut deadline => return 1,
                1 = quietly(0) => return 1,
            }
        }
        tokio::select! {
            biased;
            _ = yield_now() => println!("first"),
            _ = yield_now() => println!("unreachable"),
        }
        tokio::select! {
            biased;
            _ = sleep(Duration::from_secs(9)) => println!("unreachable"),
            _ = std::future::ready(()) => println!("not yet"),
        }
        tokio::select! {
            _ = sleep(Duration::ZERO), if open => println!("unreachable"),
            else => println!("nothing to wait for"),
        }
        0
    }
}

mod echo_server {
    use super::*;
    pub static STATS: Mutex<u64> = Mutex::const_new(0);
    pub async fn serve(mut stream: tokio::net::TcpStream, stop: CancellationToken, alive: mpsc::Sender<u8>) {
        let mut buf = [0u8; 4096];
        tokio::select! {
            biased;
            _ = async {
                loop {
                    match stream.read(&mut buf).await {
                        Ok(0) | Err(_) => break,
                        Ok(n) => if stream.write_all(&buf[..n]).await.is_err() { break },
                    }
                }
            } => {}
            _ = stop.cancelled() => {}
        }
        *STATS.lock().await += 1;
        drop(alive);
    }
}

fn main() {
    show("hello", "doubled_later", size_of_val(&hello::doubled_later(1)));
    show("hello", "main", size_of_val(&hello::main()));
    show("cancel", "inner", size_of_val(&cancel::inner()));
    show("cancel", "outer", size_of_val(&cancel::outer("")));
    show("cancel", "main", size_of_val(&cancel::main()));
    let (tx, _rx) = mpsc::channel(1);
    show("channels", "produce", size_of_val(&channels::produce(tx, 0)));
    let (tx, _rx) = oneshot::channel();
    show("channels", "answer", size_of_val(&channels::answer(tx, 0)));
    let (_tx, rx) = broadcast::channel(1);
    show("channels", "listen_all", size_of_val(&channels::listen_all(rx)));
    show("channels", "main", size_of_val(&channels::main()));
    show("everywhere", "id", size_of_val(&everywhere::id(1)));
    show("everywhere", "point_at", size_of_val(&everywhere::point_at(1, 1)));
    show("everywhere", "touch", size_of_val(&everywhere::touch(&mut 1)));
    show("everywhere", "name_of", size_of_val(&everywhere::name_of(1)));
    show("everywhere", "short_circuit", size_of_val(&everywhere::short_circuit(1)));
    show("everywhere", "loops", size_of_val(&everywhere::loops(1)));
    show("everywhere", "switches", size_of_val(&everywhere::switches(1)));
    show("everywhere", "jumps", size_of_val(&everywhere::jumps(1)));
    show("everywhere", "shadows", size_of_val(&everywhere::shadows(1)));
    show("everywhere", "addresses", size_of_val(&everywhere::addresses()));
    show("everywhere", "statics", size_of_val(&everywhere::statics()));
    show("everywhere", "main", size_of_val(&everywhere::main()));
    show("locks", "count", size_of_val(&locks::count()));
    show("locks", "read_or_write", size_of_val(&locks::read_or_write(1)));
    show("locks", "limited", size_of_val(&locks::limited()));
    let barrier: &'static Barrier = Box::leak(Box::new(Barrier::new(8)));
    show("locks", "meet", size_of_val(&locks::meet(barrier)));
    show("recursion", "fib", size_of_val(&recursion::fib(1)));
    show("recursion", "is_even", size_of_val(&recursion::is_even(1)));
    show("recursion", "is_odd", size_of_val(&recursion::is_odd(1)));
    let shape = recursion::Shape { a: 1.0, b: 1.0 };
    show("recursion", "box_area", size_of_val(&recursion::box_area(&shape)));
    show("recursion", "circle_area", size_of_val(&recursion::circle_area(&shape)));
    show("recursion", "leaf", size_of_val(&recursion::leaf(1)));
    show("recursion", "twice", size_of_val(&recursion::twice(|d| Box::pin(recursion::leaf(d)), 1)));
    show("selects", "after", size_of_val(&selects::after(1, 1)));
    show("selects", "quietly", size_of_val(&selects::quietly(1)));
    let (tx, _rx) = mpsc::channel(1);
    show("selects", "feed", size_of_val(&selects::feed(tx)));
    show("selects", "main", size_of_val(&selects::main()));
    // A future need not be made to have a size: the type of serve's is asked for without a stream.
    fn size_of_output<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        std::mem::size_of::<F>()
    }
    show("echo_server", "serve", size_of_output(echo_server::serve));
}
