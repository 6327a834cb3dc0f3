/* See `helper.h`. */
#if defined(_WIN32)
#include "dispatch.h"
#include "helper.h"

EXPORT struct helper *burble_make_helper(const struct network *net, int64_t streams) { return 0; }
EXPORT void burble_still_helper(struct helper *helper) {}
EXPORT void burble_drop_helper(struct helper *helper) {}
EXPORT int64_t burble_helper_late(const struct helper *helper) { return 0; }

void burble_call_helper(struct helper *helper) {}
void burble_let_idle_go(struct helper *helper) {}

void burble_run_shared(const struct kernels *kernels, struct helper *helper, struct piece *part) {
    part->first = 0;
    part->end = part->layer->panels;
    kernels->piece(part);
}
#else
#include "thread.h"

#include "dispatch.h"
#include "helper.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE = 64,               /* Bytes that go from one core to another at once, and more. */
    LEAST_WEIGHTS = 1 << 16, /* What is multiplied sooner than it is shared. */
    PATIENCE = 300,          /* Looks until whoever writes goes on alone, some microseconds, and */
    A_LOOK = 400,            /* one more for so many weights: about as long as they take. */
    IDLE = 10000,            /* Looks until a helper that is given nothing leaves. */
    FIRST = 8,               /* Pieces of a new thread, whose core has none of it at hand: */
    FIRST_PATIENCE = 8,      /* they may take so many times as long. */
};

/* Who writes posts a piece of work, and the helper says that it is done, by numbers that rise. What
   belongs to both is touched by one alone: by the helper from the one to the other, otherwise by
   who writes. */
struct helper {
    int64_t late;            /* How often it was, for who writes, */
    int64_t done_before;     /* what was posted when it was called, */
    int64_t done_first;      /* and when its thread was started. */
    pid_t owner;             /* The process that its thread is in. */
    _Atomic int32_t users;   /* Who writes, and the thread while there is one. */
    _Alignas(2 * LINE) _Atomic int64_t posted;
    _Atomic int32_t is_let_go;
    _Alignas(2 * LINE) _Atomic int64_t done;
    _Atomic int32_t is_there;
    _Alignas(2 * LINE) struct piece part;
    _Alignas(2 * LINE) float room[];
};

/* A helper, with no thread yet, for up to so many streams of a network; null without memory. */
EXPORT struct helper *burble_make_helper(const struct network *net, int64_t streams) {
    const int64_t width = net->units > net->symbols ? net->units : net->symbols;
    const size_t numbers = (size_t)(streams * (4 * net->units + width));
    size_t size = sizeof(struct helper) + sizeof(int64_t) * (size_t)streams;
    size = (size + sizeof(float) * numbers + 2 * LINE - 1) / (2 * LINE) * (2 * LINE);
    struct helper *helper = aligned_alloc(2 * LINE, size);
    if (!helper) return 0;
    memset(helper, 0, size);
    helper->users = 1;
    return helper;
}

static void leave(struct helper *helper) {
    if (atomic_fetch_sub_explicit(&helper->users, 1, memory_order_acq_rel) == 1) free(helper);
}

static int is_done(struct helper *helper) {
    return atomic_load_explicit(&helper->done, memory_order_acquire) ==
           atomic_load_explicit(&helper->posted, memory_order_relaxed);
}

/* Whether it has a thread. Threads do not live on in a copy of the process. */
static int has_thread(struct helper *helper) {
    if (atomic_load(&helper->users) < 2) return 0;
    if (helper->owner == getpid()) return 1;
    atomic_store(&helper->is_there, 0);
    atomic_store(&helper->users, 1);
    return 0;
}

/* Has its thread stop: afterwards that reads nothing of the network any more. */
EXPORT void burble_still_helper(struct helper *helper) {
    if (!has_thread(helper)) return;
    atomic_store_explicit(&helper->is_let_go, 1, memory_order_relaxed);
    while (atomic_load(&helper->users) > 1 && !is_done(helper)) sched_yield();
}

/* The end of a helper with which nobody writes any more. */
EXPORT void burble_drop_helper(struct helper *helper) {
    burble_still_helper(helper);
    leave(helper);
}

/* How often it did not finish in time, and was let go. */
EXPORT int64_t burble_helper_late(const struct helper *helper) { return helper->late; }

static void *help(void *start) {
    struct helper *helper = start;
    const struct kernels *kernels = burble_kernels();
    int64_t done = atomic_load_explicit(&helper->done, memory_order_relaxed);
    atomic_store_explicit(&helper->is_there, 1, memory_order_release);
    for (int looks = 0; looks < IDLE; looks++) {
        const int64_t posted = atomic_load_explicit(&helper->posted, memory_order_acquire);
        if (posted != done) {
            kernels->piece(&helper->part);
            atomic_store_explicit(&helper->done, posted, memory_order_release);
            done = posted;
            looks = 0;
        }
        if (atomic_load_explicit(&helper->is_let_go, memory_order_relaxed)) break;
        pause_briefly(1);
    }
    /* What was posted meanwhile stays undone, and counts as late. */
    atomic_store_explicit(&helper->is_there, 0, memory_order_release);
    leave(helper);
    return 0;
}

/* Starts a thread where the helper has none. */
void burble_call_helper(struct helper *helper) {
    helper->done_before = atomic_load_explicit(&helper->posted, memory_order_relaxed);
    if (has_thread(helper)) return;
    helper->done_first = helper->done_before;
    /* Nothing that was posted waits for it any more. */
    atomic_store(&helper->done, atomic_load(&helper->posted));
    atomic_store(&helper->is_let_go, 0);
    atomic_store(&helper->users, 2);
    helper->owner = getpid();
    if (!start_thread(help, helper)) atomic_store(&helper->users, 1);
}

/* Copies the numbers from `at` on of each row. */
static void copy_from(float *to, const float *from, int64_t rows, int64_t width, int64_t at) {
    for (int64_t row = 0; row < rows; row++, to += width, from += width) {
        memcpy(to + at, from + at, sizeof(float) * (size_t)(width - at));
    }
}

/* Copies what a part reads into the helper's room, and gives it the panels from `first` on,
   which are units from `at` on. */
static void post(struct helper *helper, const struct piece *part, int64_t first, int64_t at) {
    const struct layer *layer = part->layer;
    const size_t of_units = (size_t)(part->streams * layer->units);
    const size_t of_below = (size_t)(part->streams * layer->below);
    struct piece *own = &helper->part;
    float *room = helper->room;
    int64_t *ids = (int64_t *)room;
    *own = *part;
    own->first = first;
    memcpy(ids, part->ids, sizeof(int64_t) * (size_t)part->streams);
    own->ids = ids;
    room = (float *)(ids + part->streams);
    if (part->below) {
        own->below = memcpy(room, part->below, sizeof(float) * of_below);
        room += of_below;
    }
    if (part->h) {
        own->h = memcpy(room, part->h, sizeof(float) * of_units);
        room += of_units;
    }
    if (part->c) {
        own->c = room;
        copy_from(room, part->c, part->streams, layer->units, at);
        own->new_c = room + of_units;
        room += 2 * of_units;
    }
    own->new_h = room;
    const int64_t number = atomic_load_explicit(&helper->posted, memory_order_relaxed) + 1;
    atomic_store_explicit(&helper->posted, number, memory_order_release);
}

/* Whether there is one that has nothing to do. */
static int is_ready(struct helper *helper) {
    return atomic_load_explicit(&helper->is_there, memory_order_acquire) && is_done(helper) &&
           !atomic_load_explicit(&helper->is_let_go, memory_order_relaxed);
}

static int wait_for(struct helper *helper, int64_t weights) {
    const int64_t posted = atomic_load_explicit(&helper->posted, memory_order_relaxed);
    const int64_t times = posted <= helper->done_first + FIRST ? FIRST_PATIENCE : 1;
    for (int64_t looks = (PATIENCE + weights / A_LOOK) * times; looks > 0; looks--) {
        if (is_done(helper)) return 1;
        pause_briefly(1);
    }
    return 0;
}

static void let_go(struct helper *helper) {
    helper->late++;
    atomic_store_explicit(&helper->is_let_go, 1, memory_order_relaxed);
}

void burble_let_idle_go(struct helper *helper) {
    if (atomic_load_explicit(&helper->posted, memory_order_relaxed) == helper->done_before) {
        let_go(helper);
    }
}

void burble_run_shared(const struct kernels *kernels, struct helper *helper, struct piece *part) {
    const struct layer *layer = part->layer;
    const int64_t panel = 4 * kernels->lanes, width = layer->kind <= GRU ? kernels->lanes : panel;
    const int64_t weights = layer->panels * panel * (layer->below + (part->h ? layer->units : 0));
    const int64_t middle = (layer->panels + 1) / 2;
    part->first = 0;
    part->end = layer->panels;
    if (!helper || layer->panels < 2 || weights < LEAST_WEIGHTS || !is_ready(helper)) {
        kernels->piece(part);
        return;
    }
    post(helper, part, middle, middle * width);
    part->end = middle;
    kernels->piece(part);
    if (wait_for(helper, weights / 2)) {
        const int64_t at = middle * width, units = layer->units;
        copy_from(part->new_h, helper->part.new_h, part->streams, units, at);
        if (part->c) copy_from(part->new_c, helper->part.new_c, part->streams, units, at);
        return;
    }
    let_go(helper);
    part->first = middle;
    part->end = layer->panels;
    kernels->piece(part);
}
#endif
