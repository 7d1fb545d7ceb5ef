// What libgit2 would reach servers with, answered with no: see Coffline.c. Nobody calls any of it.
