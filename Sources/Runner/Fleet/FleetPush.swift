import Forges
import Ledger
import Migration
import Site

/// Pushes the branches of a fleet's targets in which all is done, each once: what was announced and cut off
/// is looked after first, as everywhere in publication.
public final class FleetPush {
  private let site: Site
  private let fleet: String
  private let report: (String) -> Void
  private var looked: [String: ObjectID] = [:]
  private var seen: LedgerSnapshot?
  /// Why branches could not be pushed, by target.
  public private(set) var left: [(target: String, reason: String)] = []

  /// Makes one; `report` is told what happens, a line at a time.
  public init(_ site: Site, of fleet: String, report: @escaping (String) -> Void) {
    (self.site, self.fleet, self.report) = (site, fleet, report)
  }

  /// Pushes the branch of the next target that wants it. Says whether there was one.
  public func next() throws(CommandError) -> Bool {
    let snapshot = try reporting { try site.ledger.read() }
    if seen?.tip == snapshot.tip { return false }
    for member in snapshot.state.migrations where member.plan.fleet?.fleet == fleet {
      guard member.openCount == 0, looked[member.name] != member.tip,
        member.standingInFleet(isOpen: true) == .done
      else { continue }
      looked[member.name] = member.tip
      try push(member)
      return true
    }
    seen = snapshot
    return false
  }

  private func push(_ member: MigrationState) throws(CommandError) {
    let world = try SitePublishing(site, member.name) { [report] in report($0) }
    let publisher = Publisher(world, forge: nil, base: member.publishedBase)
    do throws(PublishError) { try publisher.run() } catch {
      left.append((member.name, error.description))
      return report("\(member.name): \(error.description)")
    }
    left += publisher.left.map { (member.name, $0.value) }
  }
}
