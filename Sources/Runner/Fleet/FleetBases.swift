import Git
import Migration
import Site
import Supervision
import System

/// Brings the bases of a fleet's targets here, several at a time: by processes of their own, as the network
/// takes most of the time and a target that is slow holds up no other.
final class FleetBases {
  /// A target whose base is wanted.
  struct Wanted: Equatable {
    /// The migration in it.
    var migration: String
    /// Where git finds it.
    var url: String
    /// The branch; `nil` for the one that its HEAD names.
    var base: String?

    /// Asks for the base of a member.
    init(_ migration: String, _ member: FleetMember) {
      (self.migration, url, base) = (migration, member.target.url, member.target.base)
    }

    fileprivate init?(line: String) {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { return nil }
      (migration, url, base) = (parts[0], parts[1], parts[2].isEmpty ? nil : parts[2])
    }

    fileprivate var line: String { "\(migration)\t\(url)\t\(base ?? "")\n" }
  }

  /// What came of it.
  enum Found: Equatable {
    /// The branch, and where it is.
    case at(String, OID)
    /// Why it is not here, in words.
    case missing(String)
  }

  private struct Child {
    var process: SupervisedChild
    var log: String
    var wanted: Wanted?
  }

  /// How many there are at a time, and from how many targets on.
  private static let (most, fewest) = (8, 3)

  private let site: Site
  private var children: [Child] = []
  private var found: [String: Found] = [:]

  init(_ site: Site) { self.site = site }

  /// Brings those that are wanted; gives what came of each, by its migration. Throws when it was interrupted,
  /// or no process can be started.
  func bring(
    _ wanted: [Wanted], _ interruption: Interruption
  ) throws(CommandError) -> [String: Found] {
    let depth = try site.fleetDepth()
    // One at a time writes what of a history is not here.
    if wanted.count < FleetBases.fewest || depth != nil {
      for one in wanted {
        if interruption.shouldStop() { throw FleetBases.interrupted }
        found[one.migration] = FleetBases.bring(one, site, depth: depth)
      }
      return found
    }
    var rest = wanted[...]
    defer { children = [] }
    while !rest.isEmpty || children.contains(where: { $0.wanted != nil }) {
      if interruption.shouldStop() {
        children.forEach { $0.process.terminate() }
        throw FleetBases.interrupted
      }
      for index in children.indices.reversed() where take(from: &children[index]) {
        children.remove(at: index)
      }
      while let next = rest.first, try hand(next) { rest.removeFirst() }
      site.wait(for: children.map(\.process.pollDescriptor) + [interruption.signals], atMost: 200)
    }
    return found
  }

  private static let interrupted = CommandError(
    "interrupted", hint: "the next 'git migrate fleet check' goes on", exitCode: .interrupted)

  /// Gives one to a child that has none; false when all are busy.
  private func hand(_ wanted: Wanted) throws(CommandError) -> Bool {
    var index = children.firstIndex { $0.wanted == nil }
    if index == nil, children.count < FleetBases.most {
      let log = site.logFile(.bring(wanted.migration))
      var run = site.launcher.supervisedSelf([FleetBasesProcess.word], in: site.directory, log: log)
      run.output = .live
      children.append(Child(process: try site.start(run, isAnew: true), log: log))
      index = children.endIndex - 1
    }
    guard let index else { return false }
    // One that is gone takes nothing: its end is seen at the next look, and another one is begun.
    guard children[index].process.send(Array(wanted.line.utf8)) else {
      children.remove(at: index)
      return false
    }
    children[index].wanted = wanted
    return true
  }

  /// Takes what a child says; says whether it has ended.
  private func take(from child: inout Child) -> Bool {
    let status = child.process.poll()
    for line in child.process.takeLines() {
      let parts = String(decoding: line, as: UTF8.self).split(separator: "\t", maxSplits: 2).map(String.init)
      guard let wanted = child.wanted, parts.count == 3, parts[0] == wanted.migration else { continue }
      found[wanted.migration] = OID(parts[2]).map { .at(parts[1], $0) } ?? .missing(parts[2])
      child.wanted = nil
    }
    guard let status else { return false }
    if let wanted = child.wanted {
      found[wanted.migration] = .missing("the process that was to bring it \(WorkJob.words(status))")
    }
    return true
  }

  // MARK: One of them

  /// Brings one.
  fileprivate static func bring(_ wanted: Wanted, _ site: Site, depth: Int? = nil) -> Found {
    do throws(CommandError) {
      var base = wanted.base
      if base == nil { base = try head(of: wanted.url, site) }
      let tip = try site.bringBase(base ?? "", of: wanted.url, as: wanted.migration, depth: depth)
      return .at(base ?? "", tip)
    } catch {
      return .missing(TerminalText.sanitizedLine(error.message))
    }
  }

  /// The branch that the HEAD of a repository names.
  private static func head(of url: String, _ site: Site) throws(CommandError) -> String {
    let output = try reporting {
      try site.git.run([
        "-c", "protocol.git.allow=user", "ls-remote", "--quiet", "--symref", "--", url, "HEAD",
      ])
    }
    guard output.isSuccess else {
      throw CommandError(GitWords.reason(in: output.errorText) ?? "git cannot reach it")
    }
    for line in output.text.split(whereSeparator: \.isNewline) where line.hasPrefix("ref: refs/heads/") {
      let name = line.dropFirst("ref: refs/heads/".count).prefix { $0 != "\t" }
      if BranchName.fault(String(name)) == nil { return String(name) }
    }
    throw CommandError("its HEAD names no branch: say 'base'")
  }
}

/// The entry of the process that brings bases.
public enum FleetBasesProcess {
  /// The word by which the program does this and nothing else.
  static let word = "__bring"

  /// Whether the program's arguments ask for it.
  public static func isWanted(_ arguments: [String]) -> Bool { arguments.first == word }

  /// Does it for the targets that it reads, a line each, until nobody writes more. Throws when nothing can be
  /// read.
  public static func perform(_ site: Site) throws(CommandError) {
    try forEachLine { (line) throws(CommandError) in
      guard let wanted = FleetBases.Wanted(line: line) else { return }
      let words =
        switch FleetBases.bring(wanted, site) {
        case .at(let base, let commit): "\(base)\t\(commit.hex)"
        case .missing(let reason): "-\t\(reason)"
        }
      try? StandardStream.output.write(Array("\(wanted.migration)\t\(words)\n".utf8))
    }
  }
}
