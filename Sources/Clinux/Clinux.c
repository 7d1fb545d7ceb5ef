#define _GNU_SOURCE
#include "Clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int migrate_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int migrate_forbid_looking_in(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int migrate_signal_on_parent_death(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int migrate_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int migrate_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int migrate_has_ended(int pid) {
  siginfo_t information;
  int code;
  do {
    memset(&information, 0, sizeof information);
    code = waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT);
  } while (code != 0 && errno == EINTR);
  return code != 0 || information.si_pid == pid;
}

char *const *migrate_environment(void) { return environ; }

int migrate_spawn(const char *path, char *const *arguments, char *const *environment,
                  struct migrate_spawn_options options, int *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, options.input, 0);
  posix_spawn_file_actions_adddup2(&actions, options.output, 1);
  posix_spawn_file_actions_adddup2(&actions, options.error, 2);
  if (options.extra >= 0) posix_spawn_file_actions_adddup2(&actions, options.extra, 3);
  posix_spawn_file_actions_addclosefrom_np(&actions, options.extra >= 0 ? 4 : 3);
  if (options.directory) posix_spawn_file_actions_addchdir_np(&actions, options.directory);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  short grouping = options.new_session > 0    ? POSIX_SPAWN_SETSID
                   : options.new_session == 0 ? POSIX_SPAWN_SETPGROUP
                                              : 0;
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | grouping);

  int code = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

// A handler may only touch lock-free state and async-signal-safe calls, which Swift code cannot promise.
static volatile sig_atomic_t signal_pipe = -1;
static volatile sig_atomic_t end_requests = 0;

static void count_end(int signal) {
  if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGPIPE) end_requests++;
}

static void on_signal(int signal) {
  int saved = errno;
  unsigned char byte = (unsigned char)signal;
  count_end(signal);
  if (signal_pipe >= 0) {
    // A full pipe already wakes the reader, so a lost byte loses nothing but a repetition.
    ssize_t ignored = write(signal_pipe, &byte, 1);
    (void)ignored;
  }
  errno = saved;
}

int migrate_end_requests(void) { return end_requests; }

void migrate_note_signal(int signal) { count_end(signal); }

void migrate_signal_pipe_set(int descriptor) { signal_pipe = descriptor; }

int migrate_signal_pipe_catch(int signal) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, NULL);
}
