/// The keys that one map of the front matter may hold. The parser and the test of the schema both read these.
struct KeyTable: Equatable, Sendable {
  /// The keys that mean something.
  var keys: [String]
  /// Keys of the design that this version refuses, instead of ignoring what they ask for.
  var refused: [String] = []
  /// Keys that older versions knew, and what is to be done about them.
  var gone: [String: String] = [:]
}

/// Every map of the front matter.
enum KnownKeys {
  static let plan = KeyTable(
    keys: [
      "migration", "base", "into", "agent", "agents", "attempts", "lease", "backoff", "resources", "worktree",
      "gate", "commit", "refresh", "stop", "budget", "closing", "notify", "protected", "failures",
      "until", "publish", "owners", "channels", "workflow", "workflows", "steps", "sandbox", "network",
      "limits", "home", "targets", "board",
    ])
  static let targets = KeyTable(keys: ["list", "from", "command", "forge", "base", "waves", "stop"])
  static let target = KeyTable(keys: ["url", "id", "base", "owner", "labels"])
  static let targetStop = KeyTable(keys: ["failed"])
  static let stage = KeyTable(keys: ["agent", "prompt", "writes", "on", "rounds", "resume"])
  static let judge = KeyTable(keys: ["agent", "prompt"])
  static let agent = KeyTable(
    keys: [
      "adapter", "command", "model", "args", "permissions", "max_turns", "continuations", "after_failure",
      "timeout",
      "silence", "max_concurrent", "rest", "budget", "env", "report_file", "home",
    ])
  static let backoff = KeyTable(keys: ["initial", "max"])
  static let worktree = KeyTable(keys: ["copy", "setup", "keep", "read"])
  static let resource = KeyTable(keys: ["values", "count", "shared"])
  static let machineShare = KeyTable(keys: ["memory", "disk"])
  static let commit = KeyTable(keys: ["body", "trailers"])
  static let refresh = KeyTable(keys: ["every"])
  static let budget = KeyTable(keys: ["usd", "tokens", "turns", "wall", "step", "attempt"])
  static let limits = KeyTable(keys: ["usd", "tokens", "turns", "wall"])
  static let stop = KeyTable(keys: ["alike", "failed", "of"])
  static let failure = KeyTable(keys: ["match", "as"])
  static let publish = KeyTable(keys: [
    "unit", "depth", "max_files", "after", "draft", "ready", "title", "body", "labels", "reviewers", "window",
    "fixes",
  ])
  static let board = KeyTable(keys: ["by", "todo", "in_progress", "done", "abandoned"])
  static let notify = KeyTable(keys: [
    "command", "webhook", "mail", "desktop", "digest", "again", "by", "quiet",
  ])
  static let notifyChannel = KeyTable(keys: ["to", "severity"])
  static let quiet = KeyTable(keys: ["start", "end"])
  static let window = KeyTable(keys: ["rate", "days", "start", "end", "spacing"])
  static let until = KeyTable(keys: ["count"])
  static let gate = KeyTable(
    keys: ["verifiers", "guards", "keep", "setup", "train", "toolchain", "known", "falsify", "judge"],
    gone: ["strict": "each candidate is compared with its base anyway; take it out"])
  static let gateSetup = KeyTable(keys: ["run", "inputs"])
  static let verifier = KeyTable(keys: [
    "name", "kind", "run", "timeout", "uses", "mutates", "env", "paths", "flaky", "remote", "network", "when",
  ])
  static let remoteVerifier = KeyTable(keys: ["push", "status"])
  static let step = KeyTable(keys: [
    "id", "title", "needs", "paths", "prompt", "lock", "uses", "priority", "run", "agent", "timeout",
    "expect", "allow", "guards", "verifiers", "skip", "requires", "workflow", "for",
  ])
  static let each = KeyTable(keys: ["files", "dirs", "lines"])
}

/// What numbers and durations a plan may hold; durations are in seconds.
enum Bounds {
  static let attempts = 1...100
  static let lease = 10...(7 * 86_400)
  static let timeout = 1...(7 * 86_400)
  /// How long a service may take for a verdict where the plan does not say.
  static let remoteTimeout = 6 * 3600
  static let backoff = 0...86_400
  static let refresh = 60...(30 * 86_400)
  static let maxTurns = 1...10_000
  static let rounds = 1...100
  static let continuations = 0...100
  static let maxConcurrent = 1...1_000
  static let capacity = 1...1_000
  static let tokens = 1...1_000_000_000_000
  static let turns = 1...1_000_000_000
  static let wall = 1...(366 * 86_400)
  static let priority = -1_000_000...1_000_000
  /// The most steps after expansion.
  static let steps = 100_000
  /// The most needs of all steps together, so that a few globs cannot ask for 10¹⁰ of them.
  static let needs = 1_000_000
  /// The longest title, in characters.
  static let title = 200
  /// The most bytes that `for:` may write into steps.
  static let expandedBytes = 64 << 20
}
