import CanonicalJSON

/// A repository that a fleet works in.
public struct FleetTarget: Equatable, Sendable {
  /// What people call it; obeys `Identifier.migrationFault`.
  public var id: String
  /// Where git finds it.
  public var url: String
  /// The branch that people there work on; `nil` for the one that its HEAD names.
  public var base: String?
  /// Who is asked about it, or `nil`.
  public var owner: String?
  /// What else it is known by.
  public var labels: [String] = []

  /// The longest address, in bytes.
  public static let longestURL = 1000
  /// How many targets a fleet may have.
  public static let most = 10_000
  /// How many labels a target may have.
  public static let mostLabels = 20

  /// Makes one.
  public init(id: String, url: String, base: String? = nil, owner: String? = nil) {
    (self.id, self.url, self.base, self.owner) = (id, url, base, owner)
  }

  /// What is wrong with it, in words that follow its name, or `nil`.
  public var fault: String? {
    if let fault = Identifier.migrationFault(id) { return "has the id '\(id)', which \(fault)" }
    if let fault = FleetTarget.urlFault(url) {
      // What says that it tells too much does not tell it.
      return fault == FleetTarget.passwordFault
        ? "has an address that \(fault)" : "has the address '\(url)', which \(fault)"
    }
    if let base, let fault = BranchName.fault(base) { return "has the base '\(base)', which \(fault)" }
    for text in [owner].compactMap(\.self) + labels where !FleetTarget.isWord(text) {
      return "has an owner or label that is no short word"
    }
    return labels.count > FleetTarget.mostLabels ? "has more than \(FleetTarget.mostLabels) labels" : nil
  }

  private static func isWord(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
  }

  /// Why git is not given an address, in words that follow it: it could name a program to run or an option,
  /// it holds a password, or it means another place in each folder.
  public static func urlFault(_ url: String) -> String? {
    let bytes = Array(url.utf8)
    if bytes.isEmpty { return "is empty" }
    if bytes.count > longestURL { return "is longer than \(longestURL) bytes" }
    if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { return "has a blank in it" }
    if bytes.first == UInt8(ascii: "-") { return "begins like an option" }
    if let mark = url.firstRange(of: "://") {
      let scheme = url[..<mark.lowerBound]
      guard ["https", "http", "ssh", "git", "file"].contains(scheme) else {
        return "is of the kind '\(scheme)', not https, ssh or file"
      }
      let place = url[mark.upperBound...].prefix { $0 != "/" }
      if let end = place.lastIndex(of: "@"), place[..<end].contains(":") {
        return passwordFault
      }
      return nil
    }
    // `ext::sh -c …` and the like have git run a program.
    if url.contains("::") { return "names a helper program" }
    if bytes.first == UInt8(ascii: "/") { return nil }
    let host = url.prefix { $0 != "/" }
    return host.contains(":") ? nil : "is no address: neither 'https://…', 'host:path' nor a whole path"
  }

  private static let passwordFault = "has a password in it, which the ledger would keep"

  /// What an address is called by where nobody says it: of one with a host the whole path there, of a folder
  /// its last part; as text, which may be no identifier.
  public static func name(of url: String) -> String {
    var path = Substring(url)
    var isHosted = true
    if let mark = url.firstRange(of: "://") {
      isHosted = url[..<mark.lowerBound] != "file"
      path = url[mark.upperBound...].drop { $0 != "/" }
    } else if let colon = url.prefix(while: { $0 != "/" }).firstIndex(of: ":") {
      path = url[url.index(after: colon)...]
    } else {
      isHosted = false
    }
    var parts = path.split(separator: "/").map(String.init)
    if parts.last == ".git" { parts.removeLast() }
    if let last = parts.last, last.hasSuffix(".git") { parts[parts.count - 1] = String(last.dropLast(4)) }
    return (isHosted ? parts : Array(parts.suffix(1))).joined(separator: "-").lowercased()
  }
}

/// When a fleet stops by itself: `stop: { failed: 30% }`.
public struct FleetStop: Equatable, Sendable {
  /// How many of a wave's targets may fail, in percent.
  public var failedPercent: Int

  /// What it may be.
  public static let percent = 1...100

  /// Makes a rule.
  public init(failedPercent: Int) { self.failedPercent = failedPercent }
}

/// Which repository of a fleet a migration is in: each target of a fleet has a migration of its own in the
/// home's ledger, and is named by it.
public struct FleetMember: Equatable, Sendable {
  /// The fleet: the name that the plan's file has.
  public var fleet: String
  /// The repository.
  public var target: FleetTarget
  /// The branch in the target that the work is pushed to, without `refs/heads/`.
  public var branch: String
  /// The wave that it is in, from 1.
  public var wave: Int
  /// When the fleet stops by itself, or `nil`.
  public var stop: FleetStop?

  /// Makes one.
  public init(fleet: String, target: FleetTarget, branch: String, wave: Int, stop: FleetStop? = nil) {
    (self.fleet, self.target, self.branch) = (fleet, target, branch)
    (self.wave, self.stop) = (wave, stop)
  }

  /// The name of the migration of a fleet in one of its targets.
  public static func migration(of fleet: String, in target: String) -> String { "\(fleet).\(target)" }

  /// The branch of the home repository that holds the target's base.
  public static func baseBranch(of migration: String) -> String { "fleet/\(migration)" }

  /// Whether it is the same repository of the same fleet.
  func isPlace(of other: FleetMember?) -> Bool {
    fleet == other?.fleet && target.id == other?.target.id && target.url == other?.target.url
  }

  /// Why a plan for it cannot be carried out, or `nil`.
  func fault(of plan: Plan) -> String? {
    if let fault = Identifier.migrationFault(fleet) { return "the fleet's name '\(fleet)' \(fault)" }
    if let fault = target.fault { return "the target '\(target.id)' \(fault)" }
    guard target.base != nil else { return "the target '\(target.id)' has no base" }
    guard plan.migration == FleetMember.migration(of: fleet, in: target.id) else {
      return "the migration '\(plan.migration)' is not called after its fleet and target"
    }
    if let fault = BranchName.fault(branch) { return "the name of the target's branch '\(branch)' \(fault)" }
    if branch == target.base { return "the branch '\(branch)' is the target's base, which people share" }
    guard (1...FleetTarget.most).contains(wave) else { return "the wave is out of range" }
    guard stop.map({ FleetStop.percent.contains($0.failedPercent) }) ?? true else {
      return "'stop' of the fleet is out of range"
    }
    return nil
  }
}

extension MigrationState {
  /// The branch that a unit is offered by, in the repository that it is offered to.
  public func publishedBranch(of unit: String) -> String {
    guard let fleet = plan.fleet else { return Publication.branch(of: unit, in: name) }
    return unit == MigrationState.wholeUnit
      ? fleet.branch : Publication.branch(of: unit, in: fleet.fleet)
  }

  /// The branch there that it is offered for.
  public var publishedBase: String { plan.fleet?.target.base ?? base }
}

extension FleetMember {
  /// As the expanded plan keeps it.
  var json: JSON {
    var object = ObjectBuilder()
    object.set("name", fleet)
    object.set("id", target.id)
    object.set("url", target.url)
    object.set("base", target.base)
    object.set("owner", target.owner)
    object.set("labels", target.labels)
    object.set("branch", branch)
    object.set("wave", wave)
    object.set("failed", stop?.failedPercent)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'fleet'")
    var target = FleetTarget(
      id: try reader.string("id"), url: try reader.string("url"), base: try reader.optionalString("base"),
      owner: try reader.optionalString("owner"))
    target.labels = try reader.strings("labels")
    self.init(
      fleet: try reader.string("name"), target: target, branch: try reader.string("branch"),
      wave: try reader.integer("wave"),
      stop: try reader.optionalInteger("failed").map { FleetStop(failedPercent: $0) })
    try reader.end()
  }
}
