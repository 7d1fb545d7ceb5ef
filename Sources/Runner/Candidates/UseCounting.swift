import Git
import Ledger
import Migration
import Site
import Supervision
import System

/// Counts what the plan's `until` counts, in the gate's worktree, and records it: once for each commit, and
/// the command runs once for each tree.
package struct UseCounting {
  private let site: Site
  private let report: (String) -> Void

  /// Makes it for a site; `report` gets lines for people.
  package init(site: Site, report: @escaping (String) -> Void) { (self.site, self.report) = (site, report) }

  /// How many uses there are at a commit of a migration; `nil` when its plan counts nothing. Throws when the
  /// command fails or prints no number: then nothing is known, and nothing recorded.
  package func count(_ state: MigrationState, at commit: OID) throws(CommandError) -> Int? {
    guard let until = state.plan.until else { return nil }
    if let known = state.loop.count(at: commit.objectID, by: until.digest) { return known }
    let tree = try site.tree(of: commit)
    let known = state.loop.count(of: tree.objectID, by: until.digest)
    let count: Int
    if let known { count = known } else { count = try run(state, on: commit) }
    guard !state.phase.isTerminal else { return count }
    let uses = UseCount(
      count: count, commit: commit.objectID, tree: tree.objectID, command: until.digest)
    try uses.record(of: state.name, in: site, report: report)
    return count
  }

  private func run(_ state: MigrationState, on commit: OID) throws(CommandError) -> Int {
    let job = try CountJob(site: site, state, on: commit)
    while true {
      if let count = try job.poll() { return count }
      site.wait(for: [job.descriptor], atMost: 200)
    }
  }
}

extension UseCount {
  /// Records it, unless somebody else has counted there meanwhile.
  func record(
    of migration: String, in site: any Surroundings, report: @escaping (String) -> Void
  ) throws(CommandError) {
    let outcome = try Interpreter(in: site, report: report).append(by: site.actor) {
      (snapshot, _) throws(Refusal) in
      let loop = snapshot.state.migration(named: migration)?.loop
      let isKnown = loop?.count(at: commit, by: command) != nil
      return ((), isKnown ? [] : [Proposal(migration, .usesCounted(self))])
    }
    if let refusal = outcome.refusal { throw CommandError(refusal) }
  }
}

/// Counts the uses at a commit while a run is at work, and records it.
final class CountTask {
  let commit: OID
  /// The digest of the command that counts.
  let command: String
  private let site: any Surroundings
  private let migration: String
  private let tree: OID
  private let report: (String) -> Void
  private var job: (any Counting)?
  private var count: Int?
  private var isStopping = false

  /// Begins; `report` is told why the uses cannot be counted.
  init(
    in site: any Surroundings, _ state: MigrationState, at commit: OID, report: @escaping (String) -> Void
  ) throws(CommandError) {
    (self.site, self.commit, self.report) = (site, commit, report)
    (migration, command) = (state.name, state.plan.until?.digest ?? "")
    tree = try site.tree(of: commit)
    guard try site.snapshot().state.version >= LoopChange.version else { return }
    count = state.loop.count(of: tree.objectID, by: command)
    if count == nil {
      job = try tolerating { () throws(CommandError) in try site.startCount(state, on: commit) }
    }
  }

  var descriptor: Int32 { job?.descriptor ?? -1 }

  func stop() {
    isStopping = true
    job?.stop()
  }

  /// Whether the number is known, once it is over; `nil` while it is counted.
  func advance() throws(CommandError) -> Bool? {
    if let job, count == nil {
      var isOver = false
      count = try tolerating { () throws(CommandError) in
        do throws(CommandError) { return try job.poll() } catch {
          isOver = true
          throw error
        }
      }
      if count == nil, !isOver { return nil }
    }
    guard let count else { return isStopping }
    let uses = UseCount(count: count, commit: commit.objectID, tree: tree.objectID, command: command)
    return try tolerating { () throws(CommandError) in
      try uses.record(of: migration, in: site, report: report)
      return true
    } ?? false
  }

  /// That nothing can be counted is told, and holds nothing up.
  private func tolerating<Value>(_ body: () throws(CommandError) -> Value?) throws(CommandError) -> Value? {
    do throws(CommandError) { return try body() } catch {
      if error.waitsForUser || error.isDamage || error.isOffline { throw error }
      if !isStopping { report(error.message) }
      return nil
    }
  }
}

/// The command that counts, at work in the gate's worktree.
final class CountJob: Counting {
  private let command: String
  private let migration: String
  private let worktree: GateWorktree
  private let child: SupervisedChild
  private var output: [UInt8] = []

  /// How long a count may take, in seconds.
  private static let seconds = 600
  /// The most bytes that are looked at of what it prints.
  private static let limit = 64 << 10

  /// Starts it.
  init(site: Site, _ state: MigrationState, on commit: OID) throws(CommandError) {
    (command, migration) = (state.plan.until?.count ?? "", state.name)
    try site.requireTrust(state)
    worktree = try GateWorktree.take(site: site, plan: state.plan, commit: commit, isFresh: false)
    let run = site.launcher.supervised(
      .verifier(env: []), command, in: worktree.directory, log: site.logFile(.count(state.name)),
      adding: ["MIGRATE_MIGRATION": state.name].merging(worktree.variables) { $1 },
      timeoutSeconds: CountJob.seconds, isLive: true,
      within: try worktree.walls(hasNetwork: !state.plan.isOffNetwork))
    child = try site.start(run, isAnew: true)
    child.endInput()
  }

  var descriptor: Int32 { child.pollDescriptor }

  func stop() { child.terminate() }

  func poll() throws(CommandError) -> Int? {
    let ended = child.poll()
    for line in child.takeLines() where output.count < CountJob.limit { output += line + [0x0A] }
    guard let status = ended else { return nil }
    worktree.close()
    guard status.isSuccess else { throw fault(WorkJob.words(status)) }
    let text = String(decoding: output, as: UTF8.self)
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let number = words.first.flatMap({ Int($0) }), number >= 0 else {
      let said = TerminalText.sanitizedLine(String(text.prefix(80)))
      throw fault(said.isEmpty ? "printed nothing" : "printed '\(said)'")
    }
    return number
  }

  private func fault(_ reason: String) -> CommandError {
    CommandError(
      "the uses of '\(migration)' could not be counted: '\(TerminalText.sanitizedLine(command))' \(reason)",
      hint: "'until: { count: … }' is a command that prints one whole number", exitCode: .couldNotVerify)
  }
}

extension Site {
  package func startCount(_ state: MigrationState, on commit: OID) throws(CommandError) -> (any Counting)? {
    try CountJob(site: self, state, on: commit)
  }
}
