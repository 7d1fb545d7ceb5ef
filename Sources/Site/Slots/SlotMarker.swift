import CanonicalJSON
import Migration
import System

/// A note beside the repository of who uses, or last used, a worktree slot.
///
/// The ledger says who holds a step; this says whose files lie in the folder, so that none is lost when the
/// slot is used again and no two epochs ever share it (I-25).
package struct SlotMarker: Equatable {
  /// The migration of the claim.
  package var migration: String
  /// The claim: step and epoch.
  package var fence: Fence
  var base: ObjectID
  var owner: Owner
  /// Whether the holder itself has said that it is done with the folder.
  package var isClosed: Bool
  /// The supervisor of the program at work there: it ends only when every process of the program has.
  package var supervisor: Owner?

  var json: JSON {
    .object([
      JSON.Member("migration", .string(migration)), JSON.Member("step", .string(fence.step)),
      JSON.Member("epoch", .integer(Int64(fence.epoch))), JSON.Member("base", .string(base.hex)),
      JSON.Member("machine", .string(owner.machine)), JSON.Member("boot", .string(owner.boot)),
      JSON.Member("pid", .integer(Int64(owner.pid))), JSON.Member("ticks", .integer(owner.startTicks)),
      JSON.Member("closed", .bool(isClosed)),
      JSON.Member("supervisor", .integer(Int64(supervisor?.pid ?? 0))),
      JSON.Member("supervisor_ticks", .integer(supervisor?.startTicks ?? 0)),
    ])
  }

  init(migration: String, fence: Fence, base: ObjectID, owner: Owner, isClosed: Bool) {
    self.migration = migration
    self.fence = fence
    self.base = base
    self.owner = owner
    self.isClosed = isClosed
  }

  init?(bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes), case .string(let migration)? = json["migration"],
      case .string(let step)? = json["step"], case .integer(let epoch)? = json["epoch"],
      case .string(let base)? = json["base"], let base = ObjectID(base),
      case .string(let machine)? = json["machine"], case .string(let boot)? = json["boot"],
      case .integer(let pid)? = json["pid"], case .integer(let ticks)? = json["ticks"],
      case .bool(let closed)? = json["closed"]
    else { return nil }
    self.init(
      migration: migration, fence: Fence(step: step, epoch: Int(epoch)), base: base,
      owner: Owner(machine: machine, boot: boot, pid: Int(pid), startTicks: ticks), isClosed: closed)
    if case .integer(let pid)? = json["supervisor"], pid > 0,
      case .integer(let ticks)? = json["supervisor_ticks"]
    {
      supervisor = Owner(machine: machine, boot: boot, pid: Int(pid), startTicks: ticks)
    }
  }

  /// Whether nobody can be writing in the folder any more.
  package var isFree: Bool {
    isClosed || (Site.isProvablyDead(owner) && supervisor.map(Site.isProvablyDead) ?? true)
  }
}
