import Forges
import Ledger
import Migration
import Site
import Supervision
import System

/// Pushes the branches of a fleet's targets in which all is done, each once: what was announced and cut off
/// is looked after first, as everywhere in publication.
///
/// Children do it, so that no remote holds up the run: it goes on renewing its claims and judging. Each takes
/// one target after the other, as they are handed to it.
public final class FleetPush {
  private let site: Site
  private let fleet: String
  private let report: (String) -> Void
  private var children: [Child] = []
  /// Where the branch of each target was that was handed to a child last.
  private var tried: [String: ObjectID] = [:]
  /// Who pushed them instead, by migration, when that was tried.
  private var held: [String: String] = [:]
  private var reasons: [String: String] = [:]
  private var seen: LedgerSnapshot?

  private struct Child {
    var process: SupervisedChild
    var log: String
    /// What it has yet to push.
    var targets: Set<String> = []
    /// When it was busy last, in milliseconds.
    var busyAt = MonotonicTime.milliseconds

    var isBusy: Bool { !targets.isEmpty }
  }

  /// How many children there may be, how many targets one is given, and how many wait before a second one is
  /// begun.
  private static let (most, batch, many) = (4, 16, 8)
  /// For how long others are waited for that push a branch, and how long a child without work is kept, in
  /// milliseconds: what it has claimed is free once it is gone.
  private static let (patience, rest): (Int64, Int64) = (30_000, 2_000)

  /// Makes one; `report` is told what happens, a line at a time.
  public init(_ site: Site, of fleet: String, report: @escaping (String) -> Void) {
    (self.site, self.fleet, self.report) = (site, fleet, report)
  }

  /// Why branches could not be pushed, by migration.
  public var left: [(migration: String, reason: String)] {
    reasons.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Takes what has come of pushes, and begins those that are due. Never waits.
  public func advance() throws(CommandError) {
    for index in children.indices.reversed() {
      let wasBusy = children[index].isBusy
      let hasEnded = take(from: &children[index])
      if hasEnded || (wasBusy && !children[index].isBusy) { seen = nil }
      if wasBusy { children[index].busyAt = MonotonicTime.milliseconds }
      if hasEnded || MonotonicTime.milliseconds - children[index].busyAt > FleetPush.rest {
        children.remove(at: index)
      }
    }
    guard children.count < FleetPush.most || children.contains(where: { !$0.isBusy }) else { return }
    let snapshot = try reporting { try site.ledger.read() }
    if let seen, seen.tip == snapshot.tip { return }
    seen = snapshot
    let due = due(in: snapshot.state)
    guard !due.isEmpty else { return }
    if let idle = children.firstIndex(where: { !$0.isBusy }) {
      hand(due.prefix(FleetPush.batch), to: &children[idle])
    } else if children.isEmpty || due.count >= FleetPush.many {
      var child = try start(for: due)
      hand(due.prefix(FleetPush.batch), to: &child)
      children.append(child)
    }
    // What is left of them is handed out at the next look.
    if due.count > FleetPush.batch { seen = nil }
  }

  /// Goes on until nothing is left that could be pushed, or somebody asks to stop; waits for others that push
  /// the same, as they may not get to the end of it.
  package func finish(_ interruption: Interruption) throws(CommandError) {
    let end = MonotonicTime.milliseconds + FleetPush.patience
    while true {
      if interruption.shouldStop() {
        children.forEach { $0.process.terminate() }
        throw CommandError(
          "interrupted", hint: "the next 'git migrate fleet run' looks after what was cut off",
          exitCode: .interrupted)
      }
      try advance()
      let isBusy = children.contains(where: \.isBusy) || seen == nil
      if !isBusy, try !waitsForOthers(until: end) { break }
      site.wait(for: children.map(\.process.pollDescriptor) + [interruption.signals], atMost: 200)
    }
    // None has anything left to do, and each ends when nobody talks to it any more.
    children = []
  }

  /// The targets whose branches are to be pushed. Looked at by their places: this is asked after each entry.
  private func due(in state: State) -> [MigrationState] {
    var due: [MigrationState] = []
    for index in state.migrations.indices where state.migrations[index].openCount == 0 {
      guard tried[state.migrations[index].name] != state.migrations[index].tip,
        state.migrations[index].plan.fleet?.fleet == fleet,
        state.migrations[index].standingInFleet(isOpen: true) == .done
      else { continue }
      let member = state.migrations[index]
      if !children.contains(where: { $0.targets.contains(member.name) }) { due.append(member) }
    }
    return due
  }

  /// Starts a child; its log lies with the first target that it is given.
  private func start(for members: [MigrationState]) throws(CommandError) -> Child {
    let log = site.logFile(.push(members.first?.name ?? fleet))
    var run = site.launcher.supervisedSelf([FleetPushProcess.word], in: site.directory, log: log)
    run.output = .live
    return Child(process: try site.start(run, isAnew: true), log: log)
  }

  private func hand(_ members: ArraySlice<MigrationState>, to child: inout Child) {
    let names = members.map(\.name)
    // One that is gone takes nothing: what it was to do is due again once that is seen.
    guard child.process.send(Array(names.lines.utf8)) else { return seen = nil }
    for member in members { tried[member.name] = member.tip }
    child.targets.formUnion(names)
  }

  /// Takes what a child says; says whether it has ended.
  private func take(from child: inout Child) -> Bool {
    let status = child.process.poll()
    for line in child.process.takeLines() {
      let words = String(decoding: line, as: UTF8.self).split(separator: "\t", maxSplits: 2).map(String.init)
      guard words.count == 3, let what = PushWord(rawValue: words[0]) else { continue }
      let (migration, text) = (words[1], words[2])
      if what != .says { child.targets.remove(migration) }
      switch what {
      case .says: report("\(migration): \(text)")
      case .pushed: (reasons[migration], held[migration]) = (nil, nil)
      case .left: reasons[migration] = text
      case .held: held[migration] = text
      }
    }
    guard let status else { return false }
    noteEnd(of: child, status)
    return true
  }

  /// A child that ended before its time has left all that is not pushed by now.
  private func noteEnd(of child: Child, _ status: ExitStatus) {
    let text = (try? Files.tail(child.log, bytes: 4 << 10)) ?? []
    let last = String(decoding: text, as: UTF8.self).split(separator: "\n").last.map(String.init)
    let words = last.map(TerminalText.sanitizedLine) ?? "its push \(WorkJob.words(status))"
    for target in child.targets where held[target] == nil { reasons[target] = reasons[target] ?? words }
  }

  // MARK: Others

  /// Whether somebody else is still at a branch that is to be pushed. Once they are not, it is tried again.
  private func waitsForOthers(until end: Int64) throws(CommandError) -> Bool {
    guard !held.isEmpty || !reasons.isEmpty else { return false }
    let state = try reporting { try site.ledger.read() }.state
    let now = site.clock.now()
    var waits = false
    for name in Array(Set(held.keys).union(reasons.keys)).sorted() {
      guard let member = state.migration(named: name), member.standingInFleet(isOpen: true) == .done else {
        // Whoever was faster has done it.
        (held[name], reasons[name]) = (nil, nil)
        continue
      }
      guard held[name] != nil else { continue }
      let claim = member.publications.publisher
      if let claim, claim.expiresAt > now, !Site.isProvablyDead(claim.owner) {
        waits = waits || MonotonicTime.milliseconds < end
      } else {
        (held[name], tried[name], seen) = (nil, nil, nil)
        waits = true
      }
    }
    if !waits { for (name, words) in held.sorted(by: { $0.key < $1.key }) { report("\(name): \(words)") } }
    return waits
  }
}

/// What a child says of a push, a line each: the word, the migration, the text.
private enum PushWord: String {
  case says, pushed, left, held

  func tell(_ migration: String, _ text: String) {
    let line = "\(rawValue)\t\(migration)\t\(TerminalText.sanitizedLine(text))\n"
    // Who asked is gone, when it cannot be written: the ledger has what matters.
    try? StandardStream.output.write(Array(line.utf8))
  }
}

/// The entry of the process that pushes the branches of some targets.
public enum FleetPushProcess {
  /// The word by which the program does this and nothing else.
  static let word = "__push"

  /// Whether the program's arguments ask for it.
  public static func isWanted(_ arguments: [String]) -> Bool { arguments.first == word }

  /// After how many pushes the refs are packed: by then each target has left two of them.
  private static let packing = 32

  /// Does it for the migrations whose names it reads, a line each, until nobody writes more; what one of them
  /// does not let happen holds up no other.
  public static func perform(_ site: Site) throws(CommandError) {
    var count = 0
    try forEachLine { (line) throws(CommandError) in
      try push(line, site)
      count += 1
      if count % packing == 0 { site.packRefs() }
    }
  }

  private static func push(_ name: String, _ site: Site) throws(CommandError) {
    let world = try SitePublishing(site, name, bringsBase: false) { PushWord.says.tell(name, $0) }
    do throws(PublishError) {
      let state = try world.state()
      // Somebody else may have been faster: the ledger need not hear of it.
      let isDue = state.standingInFleet(isOpen: true) == .done
      let publisher = Publisher(world, forge: nil, base: state.publishedBase)
      if isDue { try publisher.run() }
      if let reason = publisher.left.values.min() {
        PushWord.left.tell(name, reason)
      } else {
        PushWord.pushed.tell(name, "done")
      }
    } catch {
      (error.isHeld ? PushWord.held : .left).tell(name, error.description)
    }
  }
}
