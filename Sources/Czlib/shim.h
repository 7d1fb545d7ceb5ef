// zlib, which libgit2's own development package brings.
#include <zlib.h>
