// The parts of libgit2 and of Linux that Swift cannot import: variadic functions and calls without a libc
// wrapper. One inline function for each use.
#ifndef GIT_MIGRATE_LIBGIT2_SHIM_H
#define GIT_MIGRATE_LIBGIT2_SHIM_H

// Few headers on purpose: a C struct that is in a header of this module and of Glibc can be found to belong
// to either, and Swift then refuses its members in files that import only the other one
// (MemberImportVisibility).
#include <errno.h>
#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

/// A source of objects that has none, and is asked before all others: `context` says what is wrong with one.
struct migrate_object_guard {
  git_odb_backend backend;
  void *context;
};

extern long syscall(long number, ...);

/// Turns fsync of objects and refs on or off for every repository opened from now on.
static inline int migrate_git_enable_fsync(int enabled) {
  return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

/// Opens the directory `name` inside `directory`: never through a symbolic link, never outside of `directory`
/// and never into another mount, not even a bind mount of the same file system. A kernel before 5.6 has no
/// such call; there the plain call still refuses symbolic links.
static inline int migrate_open_directory_beneath(int directory, const char *name) {
  // The same numbers on every Linux that Swift runs on, except for the two that differ by processor.
#if defined(__aarch64__) || defined(__arm__)
  const int only_directories = 040000 | 0100000; // O_DIRECTORY | O_NOFOLLOW
#else
  const int only_directories = 0200000 | 0400000;
#endif
  const int flags = only_directories | 02000000; // O_RDONLY | O_CLOEXEC
  struct open_how how = {0};
  how.flags = (unsigned)flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  long opened = -1;
  // EAGAIN: a rename somewhere in the system ran beside the walk; the kernel asks for another try.
  for (int tries = 0; tries < 64; tries++) {
    opened = syscall(SYS_openat2, directory, name, &how, sizeof how);
    if (opened >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  if (opened < 0 && (errno == ENOSYS || errno == EPERM))
    opened = syscall(SYS_openat, directory, name, flags, 0);
  return (int)opened;
}

/// Turns libgit2's check of who owns a repository on or off for every open from now on.
static inline int migrate_git_owner_validation(int enabled) {
  return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

/// `rename` that fails with EEXIST instead of replacing what is at `to`.
static inline int migrate_rename_exclusively(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, -100 /* AT_FDCWD */, from, -100, to, 1 /* RENAME_NOREPLACE */);
}

#endif
