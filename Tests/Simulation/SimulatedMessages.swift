import Draws
import Migration
import Runner
import Site

/// How people are told in the simulated world.
extension Process {
  func moment(at time: Timestamp) -> WeekMoment { WeekMoment(time, offset: 0) }
  func fileOwners(_ state: MigrationState) throws(CommandError) -> CodeOwners? { nil }
  func option(for migration: String) throws(CommandError) -> String { "" }
  func startMessages(_ messages: [OutgoingMessage], of migration: String) -> any Sending {
    SimulatedSending(world: world, messages)
  }
}

/// Messages on their way to people.
final class SimulatedSending: Sending {
  private let world: World
  private let messages: [OutgoingMessage]
  private let endsAt: Int64
  private(set) var wasStopped = false

  init(world: World, _ messages: [OutgoingMessage]) {
    (self.world, self.messages) = (world, messages)
    endsAt = world.now + Int64(world.chance.draw(10...30_000))
  }

  let descriptors: [Int32] = []

  func stop() { wasStopped = true }

  func poll() -> [String?]? {
    if wasStopped { return messages.map { _ in "it was stopped" } }
    guard world.now >= endsAt else { return nil }
    return messages.map { _ in world.strikes(world.faults.noMessage) ? "nobody is there" : nil }
  }
}
