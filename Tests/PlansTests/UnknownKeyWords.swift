/// What is said of a key that there is not, and that is like none.
let unknownOn =
  "4:1: unknown key 'on' in the plan\nhint: known keys are "
  + "migration, base, into, agent, agents, attempts, lease, backoff, resources, worktree, gate, commit, "
  + "refresh, stop, budget, closing, notify, protected, failures, until, publish, owners, "
  + "channels, workflow, workflows, steps, sandbox, network, limits, home, targets, board"
