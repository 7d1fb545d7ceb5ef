// Linux calls that Swift cannot import: they are variadic, macros, GNU extensions or handlers in C.
//
// No system header is included here: Swift would then see their types as this module's own.
#ifndef GIT_MIGRATE_CLINUX_H
#define GIT_MIGRATE_CLINUX_H

/// Makes this process the parent of every orphaned descendant, so that none can escape its sight.
int migrate_become_subreaper(void);

/// Keeps other processes of the same user from reading this one's memory and environment, and the kernel from
/// writing them into a core dump. A program that it executes starts without that.
int migrate_forbid_looking_in(void);

/// Asks the kernel to send `signal` to this process when the thread that created it ends.
int migrate_signal_on_parent_death(int signal);

/// A descriptor that becomes readable when the process `pid` ends, close-on-exec; -1 and errno on failure.
int migrate_pidfd_open(int pid);

/// Makes a pipe whose two ends are close-on-exec: `ends[0]` reads, `ends[1]` writes; -1 and errno on failure.
int migrate_pipe(int ends[2]);

/// Whether the child `pid` has ended (and is not reaped by this call) or is no child of ours.
int migrate_has_ended(int pid);

/// The process's environment: `NAME=value` strings up to a NULL; read it before any other thread changes it.
char *const *migrate_environment(void);

/// How `migrate_spawn` starts a child.
struct migrate_spawn_options {
  /// The working directory, or NULL for the caller's.
  const char *directory;
  /// The descriptors that become 0, 1 and 2 of the child.
  int input, output, error;
  /// The descriptor that becomes 3 of the child, or -1.
  int extra;
  /// Positive makes the child lead a new session, zero only a new process group; with a negative number it
  /// stays in the caller's, which a program that reads from the terminal needs.
  int new_session;
};

/// Starts `path` with an empty signal mask, default handlers and no descriptor but those of `options`.
/// Gives 0 and the child's id in `pid`, or an errno.
int migrate_spawn(const char *path, char *const *arguments, char *const *environment,
                  struct migrate_spawn_options options, int *pid);

/// Sets the descriptor to which handlers write the number of the signal they got, one byte each.
void migrate_signal_pipe_set(int descriptor);

/// Installs the handler that writes to the descriptor set above; -1 and errno on failure.
int migrate_signal_pipe_catch(int signal);

/// How many of the signals that were caught or noted ask a command to end.
int migrate_end_requests(void);

/// Counts a signal among those that were caught.
void migrate_note_signal(int signal);

#endif
