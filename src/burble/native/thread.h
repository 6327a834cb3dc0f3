/* Threads of our own. Knows nothing of what they do. */
#ifndef BURBLE_THREAD_H
#define BURBLE_THREAD_H

/* What the system has beside what C has: this comes before all other headers. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <signal.h>

/* Lets a little time pass between two looks at what another thread does. */
static inline void pause_briefly(int times) {
    for (; times > 0; times--) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    }
}

/* Starts a thread that nobody waits for; whether there is one now. */
static inline int start_thread(void *(*run)(void *), void *given) {
    pthread_t thread;
    sigset_t all, before;
    /* Signals are for the threads that know of them. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&thread, NULL, run, given);
    if (!failed) pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

#endif
