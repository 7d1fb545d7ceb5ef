import Migration

/// What a plan says of the repositories that its steps are done in: each step once in each of them.
public struct FleetPlan: Equatable, Sendable {
  /// Where the list of repositories comes from.
  public var source: Source
  /// The branch that people work on in those that name none.
  public var base: String?
  /// How many targets each wave has, but for the last, which takes the rest.
  public var waves: [Int] = []
  /// When it stops by itself, or `nil`.
  public var stop: FleetStop?

  /// Where a list of repositories comes from.
  public enum Source: Equatable, Sendable {
    /// The plan has it.
    case list([TargetLine])
    /// A file has it, a line each, relative to the plan's folder.
    case file(String)
    /// A command prints it.
    case command(String)
    /// A forge has it, by these words.
    case forge(String)
  }

  /// The longest name of a fleet, in bytes: each target's migration is called after both.
  public static let longestName = 30
  /// How many waves there may be.
  public static let mostWaves = 100

  /// The wave of the target at an index.
  public func wave(of index: Int) -> Int {
    var end = 0
    for (number, size) in waves.enumerated() {
      end += size
      if index < end { return number + 1 }
    }
    return waves.count + 1
  }

  /// The members of a fleet, in the list's order; `plan` is the plan as it is written. Where a target names
  /// no base and the plan neither, it is `nil` still. `fault` is told what is wrong with a line.
  public func members(
    of lines: [TargetLine], for plan: Plan, fault: (TargetLine, String) -> Void
  ) -> [FleetMember] {
    let room = Identifier.maximumLength - plan.migration.utf8.count - 1
    var made = lines.map { $0.id ?? FleetPlan.id($0.url, room: room) }
    // What two addresses would be called alike tells them apart by its end.
    let counts = Dictionary(made.map { ($0, 1) }, uniquingKeysWith: +)
    for (index, line) in lines.enumerated() where line.id == nil && (counts[made[index]] ?? 0) > 1 {
      made[index] = FleetPlan.id(line.url, room: room, isDistinct: true)
    }
    var (ids, urls): (Set<String>, Set<String>) = ([], [])
    var members: [FleetMember] = []
    for (line, id) in zip(lines, made) {
      var target = FleetTarget(id: id, url: line.url, base: line.base ?? base, owner: line.owner)
      target.labels = line.labels
      if let reason = target.fault {
        fault(line, "the target \(reason)")
      } else if id.utf8.count > room {
        fault(line, "the id '\(id)' is too long beside '\(plan.migration)': \(room) bytes are left for it")
      } else if !urls.insert(line.url).inserted {
        fault(line, "'\(line.url)' is a target already")
      } else if !ids.insert(id).inserted {
        fault(line, "two targets have the id '\(id)'")
      } else if plan.into == target.base {
        fault(line, "'\(plan.into)' is the base of '\(id)', which people there share")
      } else {
        members.append(
          FleetMember(
            fleet: plan.migration, target: target, branch: plan.into, wave: wave(of: members.count),
            stop: stop))
      }
    }
    return members
  }

  private static func id(_ url: String, room: Int, isDistinct: Bool = false) -> String {
    let raw = FleetTarget.name(of: url)
    let id = Slug.id(Slug.piece(raw), raw: raw).lowercased()
    if !isDistinct, id.utf8.count <= room { return id }
    let digest = "-" + Slug.digest(url)
    return String(decoding: id.utf8.prefix(max(1, room - digest.utf8.count)), as: UTF8.self) + digest
  }
}

/// One line of a list of targets.
public struct TargetLine: Equatable, Sendable {
  /// Where the repository is.
  public var url: String
  /// What it is called, or `nil`.
  public var id: String?
  /// The branch that people work on there, or `nil`.
  public var base: String?
  /// Who is asked about it, or `nil`.
  public var owner: String?
  /// What else it is known by.
  public var labels: [String] = []
  /// Where it stands: the line, from 1, of the plan or the list.
  public var line: Int

  /// Makes one with an address alone.
  public init(url: String, line: Int) { (self.url, self.line) = (url, line) }
}
