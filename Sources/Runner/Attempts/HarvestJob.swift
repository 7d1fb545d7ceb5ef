import CanonicalJSON
import Git
import Migration
import Site
import Supervision
import System

/// A harvest that takes long, in a process of its own: a run renews its leases and obeys Ctrl-C meanwhile.
final class HarvestJob: Collecting {
  /// The word by which the program does this and nothing else.
  static let word = "__harvest"
  /// The exit code that says that the machine waits for its user.
  static let waits: Int32 = 3

  private let child: SupervisedChild
  private let answerFile: String
  private let logFile: String
  private var isKilled = false

  /// Starts it.
  init(site: Site, claim: ClaimedSlot) throws(CommandError) {
    answerFile = HarvestJob.answerFile(site, claim.slot)
    logFile = site.logFile(.harvest(claim.migration, claim.fence))
    let words = [
      claim.migration, claim.fence.step, String(claim.fence.epoch), claim.base.hex, claim.title, claim.slot,
      claim.leavesWorktree ? "leave" : "move",
    ]
    let run = site.launcher.supervisedSelf([HarvestJob.word] + words, in: site.directory, log: logFile)
    do {
      try Files.removeFile(answerFile)
      child = try site.start(run, isAnew: true)
    } catch {
      throw CommandError.from(error)
    }
  }

  var descriptor: Int32 { child.pollDescriptor }

  func kill() {
    isKilled = true
    child.kill()
  }

  func poll() throws(CommandError) -> Submitting.Content? {
    guard let status = child.poll() else { return nil }
    if isKilled { throw CommandError("it was stopped before its files were kept") }
    if status == .exited(HarvestJob.waits) {
      var error = CommandError(AttemptEnd.waitsForUser)
      error.waitsForUser = true
      throw error
    }
    guard status.isSuccess, let bytes = Site.ownFile(answerFile, limit: 64 << 20),
      let content = (try? JSON.parse(bytes)).flatMap(Submitting.Content.init(json:))
    else {
      let log = (try? Files.tail(logFile, bytes: 4 << 10)) ?? []
      let last = String(decoding: log, as: UTF8.self).split(separator: "\n").last.map(String.init)
      throw CommandError(last ?? "taking its files \(WorkJob.words(status))")
    }
    return content
  }

  private static func answerFile(_ site: Site, _ slot: String) -> String {
    site.localDirectory + "/slots/\(slot).harvest"
  }

  /// What the process of a harvest does with its words.
  static func perform(_ words: [String], _ site: Site) throws(CommandError) {
    guard words.count == 7, let epoch = Int(words[2]), let base = ObjectID(words[3]) else {
      throw CommandError("'\(HarvestJob.word)' is for git-migrate itself", exitCode: .usage)
    }
    let claim = ClaimedSlot(
      migration: words[0], fence: Fence(step: words[1], epoch: epoch), base: base, title: words[4],
      slot: words[5], leavesWorktree: words[6] == "leave")
    let content: Submitting.Content
    do throws(CommandError) {
      content = try Submitting(site: site).collect(claim)
    } catch {
      guard let failure = error.failure else { throw error }
      content = .refused(failure)
    }
    try reporting {
      try Files.writeAtomically(answerFile(site, claim.slot), content.json.canonicalBytes, mode: 0o600)
    }
  }
}

/// The entry of the process of a harvest.
public enum HarvestProcess {
  /// Whether the program's arguments ask for it.
  public static func isWanted(_ arguments: [String]) -> Bool { arguments.first == HarvestJob.word }

  /// Does it; gives the exit code.
  public static func perform(_ arguments: [String], _ site: Site) throws(CommandError) -> Int32 {
    do throws(CommandError) {
      try HarvestJob.perform(Array(arguments.dropFirst()), site)
      return 0
    } catch {
      guard error.waitsForUser else { throw error }
      return HarvestJob.waits
    }
  }
}

extension Submitting.Content {
  /// How a process tells it to another.
  var json: JSON {
    switch self {
    case .result(let result, let files):
      return .object([JSON.Member("files", .integer(Int64(files)))] + Submitting.Content.members(result))
    case .unchanged(let result): return .object(Submitting.Content.members(result))
    case .refused(let failure):
      return .object([
        JSON.Member("kind", .string(failure.kind.rawValue)), JSON.Member("reason", .string(failure.reason)),
        JSON.Member("details", .array(failure.details.map(JSON.string))),
      ])
    }
  }

  private static func members(_ result: Submission.Result) -> [JSON.Member] {
    [
      JSON.Member("commit", .string(result.commit.hex)), JSON.Member("tree", .string(result.tree.hex)),
      JSON.Member("left", .array(result.left.map(JSON.string))),
    ]
  }

  init?(json: JSON) {
    func texts(_ key: String) -> [String] {
      guard case .array(let items)? = json[key] else { return [] }
      return items.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
    if case .string(let word)? = json["kind"], case .string(let reason)? = json["reason"] {
      guard let kind = Migration.Failure.Kind(rawValue: word) else { return nil }
      self = .refused(Migration.Failure(kind: kind, reason: reason, details: texts("details")))
      return
    }
    guard case .string(let commit)? = json["commit"], case .string(let tree)? = json["tree"],
      let commit = ObjectID(commit), let tree = ObjectID(tree)
    else { return nil }
    let isChanged = json["files"] != nil
    let result = Submission.Result(commit: commit, tree: tree, isNoOp: !isChanged, left: texts("left"))
    if case .integer(let files)? = json["files"] {
      self = .result(result, files: Int(files))
    } else {
      self = .unchanged(result)
    }
  }
}
