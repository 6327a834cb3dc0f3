/* A second thread that takes half of the panels of a layer while a few texts are written.

   Whoever writes never waits long for it: what it does not finish in time is done again without it,
   with the same bits, and it is let go. It works on copies of its own. */
#ifndef BURBLE_HELPER_H
#define BURBLE_HELPER_H

#include "table.h"

struct helper;

/* Sees to it that a thread is there soon. */
void burble_call_helper(struct helper *helper);

/* Lets it go if it has done nothing since it was called: it is late, too. */
void burble_let_idle_go(struct helper *helper);

/* Does what `kernels->piece` does with all panels of a layer, with the help of another thread if
   there is one that answers; without a helper alone. */
void burble_run_shared(const struct kernels *kernels, struct helper *helper, struct piece *part);

#endif
