/* Threads that share a piece of work: they stay, and wait for the next one at hand.

   A training step has half a dozen pieces, some of less than a millisecond. To wake a thread for
   each costs more than some of them take, and the system may put one where another still runs:
   therefore they wait for a moment with open eyes, giving way to whoever wants the processor. */
#if defined(_WIN32)
#include "team.h"

EXPORT int burble_has_team(void) { return 0; }

void burble_share(part_function *do_part, void *work, int parts) {
    for (int part = 0; part < parts; part++) do_part(work, part, parts);
}
#else
#include "thread.h"

#include "team.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

EXPORT int burble_has_team(void) { return 1; }

enum {
    AWAKE = 300000, /* Nanoseconds that a thread waits with open eyes before it sleeps. */
    PAUSES = 8,     /* Between two looks. */
};

static struct {
    pthread_mutex_t working;   /* held by whoever has a piece of work done */
    pthread_mutex_t sleeping;  /* with `wake`: for those who wait no longer with open eyes */
    pthread_cond_t wake;
    int helpers;               /* threads beside the one that calls */
    pid_t owner;               /* the process whose threads they are */
    atomic_uint round;         /* pieces of work so far */
    atomic_int busy;           /* helpers that have not been through the last one */
    part_function *do_part;
    void *work;
    int parts;
} team = {.working = PTHREAD_MUTEX_INITIALIZER,
          .sleeping = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Waits for a round other than `last`. */
static unsigned await_round(unsigned last) {
    unsigned round;
    for (int64_t began = now(); now() - began < AWAKE;) {
        for (int i = 0; i < 64; i++) {
            round = atomic_load_explicit(&team.round, memory_order_acquire);
            if (round != last) return round;
            pause_briefly(PAUSES);
        }
        sched_yield();
    }
    pthread_mutex_lock(&team.sleeping);
    while ((round = atomic_load_explicit(&team.round, memory_order_acquire)) == last)
        pthread_cond_wait(&team.wake, &team.sleeping);
    pthread_mutex_unlock(&team.sleeping);
    return round;
}

/* A helper: does its part of every piece of work that has so many. */
static void *help(void *start) {
    int part = (int)((intptr_t)start % MOST_PARTS);
    unsigned round = (unsigned)((intptr_t)start / MOST_PARTS);
    for (;;) {
        round = await_round(round);
        if (part < team.parts) team.do_part(team.work, part, team.parts);
        atomic_fetch_sub_explicit(&team.busy, 1, memory_order_release);
    }
    return NULL;
}

/* Starts helpers until there are so many, as far as the system lets it. */
static void start_helpers(int wanted) {
    if (team.owner != getpid()) {
        /* Threads do not live on in a copy of the process. */
        team.helpers = 0;
        team.owner = getpid();
        pthread_mutex_init(&team.sleeping, NULL);
        pthread_cond_init(&team.wake, NULL);
    }
    for (; team.helpers < wanted; team.helpers++) {
        intptr_t start = (intptr_t)atomic_load(&team.round) * MOST_PARTS + team.helpers + 1;
        if (!start_thread(help, (void *)start)) return;
    }
}

static void do_all(part_function *do_part, void *work, int first, int parts) {
    for (int part = first; part < parts; part++) do_part(work, part, parts);
}

void burble_share(part_function *do_part, void *work, int parts) {
    if (parts < 2 || pthread_mutex_trylock(&team.working)) {
        do_all(do_part, work, 0, parts);
        return;
    }
    start_helpers(parts - 1);
    team.do_part = do_part, team.work = work, team.parts = parts;
    atomic_store(&team.busy, team.helpers);
    pthread_mutex_lock(&team.sleeping);
    atomic_fetch_add_explicit(&team.round, 1, memory_order_release);
    pthread_cond_broadcast(&team.wake);
    pthread_mutex_unlock(&team.sleeping);
    do_part(work, 0, parts);
    do_all(do_part, work, team.helpers + 1, parts);
    for (unsigned tries = 1; atomic_load_explicit(&team.busy, memory_order_acquire); tries++)
        tries % 64 ? pause_briefly(PAUSES) : (void)sched_yield();
    pthread_mutex_unlock(&team.working);
}
#endif
