"""Small compiled kernels, in C, for a recurrent network's products and gates.

A library of its own beside this file, if a compiler was at hand when burble was installed. All of
burble runs without it, more slowly. Knows nothing of networks' names, of files or of text.
"""
