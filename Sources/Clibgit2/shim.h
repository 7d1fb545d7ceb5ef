// The parts of libgit2 and of Linux that Swift cannot import: variadic functions and calls without a libc
// wrapper. One inline function for each use.
#ifndef GIT_MIGRATE_LIBGIT2_SHIM_H
#define GIT_MIGRATE_LIBGIT2_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/repository.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Turns fsync of objects and refs on or off for every repository opened from now on.
static inline int migrate_git_enable_fsync(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

/// Opens the directory `name` inside `directory`: never through a symbolic link, never outside of `directory`
/// and never into another mount, not even a bind mount of the same file system. A kernel before 5.6 has no
/// such call; there the plain call still refuses symbolic links.
static inline int migrate_open_directory_beneath(int directory, const char *name) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  long opened = -1;
  // EAGAIN: a rename somewhere in the system ran beside the walk; the kernel asks for another try.
  for (int tries = 0; tries < 64; tries++) {
    opened = syscall(SYS_openat2, directory, name, &how, sizeof how);
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (opened < 0 && (errno == ENOSYS || errno == EPERM))
    opened = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return (int)opened;
}

/// Turns libgit2's check of who owns a repository on or off for every open from now on.
static inline int migrate_git_owner_validation(int enabled) {
  return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

/// `rename` that fails with EEXIST instead of replacing what is at `to`.
static inline int migrate_rename_exclusively(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
}

#endif
