// The rows that C++20 coroutines on Asio can do as the same work.
//
//     asio-bench ROW [seconds]     prints: ROW units ns-per-unit-median ns-per-unit-least
//     asio-bench --list
#include <algorithm>
#include <asio.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <semaphore>
#include <vector>

using asio::awaitable;
using asio::co_spawn;
using asio::detached;
using clock_type = std::chrono::steady_clock;

// A turn behind all that is queued now.
static awaitable<void> yield_now() { co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); }

static std::atomic<int> left_to_do;
static std::binary_semaphore done(0);

static awaitable<void> count_down()
{
    if (left_to_do.fetch_sub(1, std::memory_order_relaxed) == 1) done.release();
    co_return;
}

template <class Context> static void spawn_many(Context &context)
{
    left_to_do = 10000;
    for (int i = 0; i < 10000; i++) co_spawn(context, count_down(), detached);
    done.acquire();
}

static awaitable<void> yield_a_thousand()
{
    for (int i = 0; i < 1000; i++) co_await yield_now();
    if (left_to_do.fetch_sub(1, std::memory_order_relaxed) == 1) done.release();
}

template <class Context> static void yield_many(Context &context)
{
    left_to_do = 200;
    for (int i = 0; i < 200; i++) co_spawn(context, yield_a_thousand(), detached);
    done.acquire();
}

static awaitable<void> link_of_chain(int n)
{
    if (n == 0) done.release();
    else co_spawn(co_await asio::this_coro::executor, link_of_chain(n - 1), detached);
}

template <class Context> static void chained_spawn(Context &context)
{
    co_spawn(context, link_of_chain(1000), detached);
    done.acquire();
}

static void spawn_many_on_this_thread()
{
    static asio::io_context context(1);
    context.restart();
    left_to_do = 1000;
    for (int i = 0; i < 1000; i++) co_spawn(context, count_down(), detached);
    context.run();
    done.try_acquire();
}

static void yield_many_on_this_thread()
{
    static asio::io_context context(1);
    context.restart();
    left_to_do = 200;
    for (int i = 0; i < 200; i++) co_spawn(context, yield_a_thousand(), detached);
    context.run();
    done.try_acquire();
}

struct row {
    const char *name;
    int units;
    void (*once)();
};

static asio::thread_pool *pool;

static const row rows[] = {
    { "mt_spawn_many_local", 10000, [] { spawn_many(*pool); } },
    { "mt_yield_many", 200000, [] { yield_many(*pool); } },
    { "mt_chained_spawn", 1000, [] { chained_spawn(*pool); } },
    { "ct_spawn_many_local", 1000, spawn_many_on_this_thread },
    { "ct_yield_many", 200000, yield_many_on_this_thread },
};

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    double seconds = argc > 2 ? std::atof(argv[2]) : 0.5;
    for (const row &r : rows) {
        if (std::strcmp(argv[1], "--list") == 0) std::puts(r.name);
        if (std::strcmp(argv[1], r.name) != 0) continue;
        asio::thread_pool threads(4);
        pool = &threads;
        r.once();
        std::vector<double> samples;
        auto end = clock_type::now() + std::chrono::duration<double>(seconds);
        while (clock_type::now() < end || samples.size() < 5) {
            auto start = clock_type::now();
            r.once();
            std::chrono::duration<double, std::nano> took = clock_type::now() - start;
            samples.push_back(took.count() / r.units);
        }
        std::sort(samples.begin(), samples.end());
        std::printf("%s %d %.2f %.2f\n", r.name, r.units, samples[samples.size() / 2], samples[0]);
        threads.join();
        return 0;
    }
    return std::strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
