import Draws
import Git
import Ledger
import Migration
import Runner
import Site

/// A machine: what outlives its processes.
final class Machine {
  /// What is known of a worktree slot.
  struct Slot {
    var migration: String
    var fence: Fence
    var owner: Owner
    var isClosed = false
    /// Until when the worker in it may write, in true time; `nil` while nobody knows.
    var busyUntil: Int64?
    /// Whether its worker left it so that nobody else can work there.
    var isLittered = false
    /// Whether that cannot even be moved away.
    var isUnusable = false
  }

  let name: String
  let workers: Int
  /// What its verifiers are: of machines that differ in it, none believes the other's verdicts.
  var toolchain = String(repeating: "0", count: 64)
  /// What it shuts its workers and verifiers in, which other machines may not have.
  var walls: String? { workers % 2 == 0 ? "bubblewrap" : nil }
  /// Where it works.
  let clone: Clone
  /// How far its clock is off, and how fast it runs, in thousandths.
  var offset: Int64 = 0
  var speed: Int64 = 1000
  var slots: [String: Slot] = [:]
  /// What the last verifiers left in the worktree of the gate.
  var gateLeft = Caches()
  /// The programs that it has not got, each until when, in true time.
  var lost: [String: Int64] = [:]
  var process: Process?
  var run: Orchestrator?
  /// When something is to be done here next, in true time.
  var wakesAt: Int64
  /// Whether its process stands in the middle of something while the others go on.
  var isBusy = false
  /// Whether nothing can go on here now: it is in the middle of something, or would wait for the ledger's
  /// queue.
  var isStuck: Bool { isBusy || clone.isQueueTaken }
  /// How the last run ended.
  var ending: Orchestrator.Ending?

  /// A program goes away here for a while.
  func lose(_ program: String, _ world: World) {
    lost[program] = world.now + Int64(world.chance.draw(0...600_000))
  }

  init(name: String, workers: Int, clone: Clone, wakesAt: Int64) {
    self.name = name
    self.clone = clone
    self.workers = workers
    self.wakesAt = wakesAt
  }

  /// Moves what lies in a slot beside it, so that it can be made anew, unless it is stuck there.
  func moveAway(_ slot: String, isStuck: Bool) {
    slots[slot]?.isLittered = isStuck
    slots[slot]?.isUnusable = isStuck
  }
}

/// One process on a machine, from its start to its end: a run, or a command of a person. It sees the world
/// through the same seams as a real one.
final class Process {
  static let crashed = GitError(message: "the process is dead", operation: "go on", subject: "simulation")

  let world: World
  let machine: Machine
  let owner: Owner
  let actor: String
  private(set) var isCrashed = false
  private(set) lazy var ledger = SimulatedLedger(world: world, process: self)
  /// What the process has started and must end with it.
  var children: [SimulatedAttempt] = []
  var gates: [SimulatedGate] = []
  /// What persons must be told, because of what it has recorded, and were not yet.
  private(set) var owed: [Notice] = []
  /// How often it has recorded something.
  var appends = 0
  /// How often it has touched the world in this round, and when that began: no time passes in one but what it
  /// spends itself.
  private var touches = 0
  private var roundAt: Int64 = 0
  /// The trees of all gates that it has begun.
  var gatesBegun: [OID] = []

  init(world: World, machine: Machine, actor: String, isBound: Bool = true) {
    self.world = world
    self.machine = machine
    self.actor = actor
    world.processes += 1
    owner = Owner(
      machine: machine.name, boot: "boot", pid: isBound ? world.processes : 0,
      startTicks: Int64(isBound ? world.processes : 0))
  }

  var clock: any WallClock { MachineClock(world: world, machine: machine) }

  /// A point at which the process touches the world: it may stop here for a while, or for ever. Says whether
  /// it is still alive.
  func passes() -> Bool {
    if isCrashed { return false }
    if world.now != roundAt { (roundAt, touches) = (world.now, 0) }
    touches += 1
    world.touches += 1
    if touches > World.roundLimit || world.isCalm && world.touches > World.calmLimit {
      world.fail("I-19", "\(actor) does not come to an end")
      isCrashed = true
      return false
    }
    if world.isCalm { return true }
    if world.strikes(world.faults.crash) {
      crash()
      return false
    }
    if world.depth < 3, world.strikes(world.faults.pause) {
      let lease = world.plans.last?.leaseSeconds ?? 60
      lingers(milliseconds: Int64(world.chance.draw(1...lease * 10_000)))
      return !isCrashed
    }
    return true
  }

  /// Lets the others go on for a while.
  func lingers(milliseconds: Int64) {
    let wasBusy = machine.isBusy
    machine.isBusy = true
    world.depth += 1
    world.note("\(actor) stops for \(milliseconds) ms")
    let end = world.now + milliseconds
    var rounds = 0
    while world.now < end, rounds < 300, !world.isOver, !world.isTroubledEnough {
      rounds += 1
      if !world.tick(until: end) { break }
    }
    world.now = max(world.now, end)
    world.depth -= 1
    machine.isBusy = wasBusy
    roundAt = world.now
    world.note("\(actor) goes on")
  }

  /// An entry of its own was accepted, from which this follows.
  func owe(_ effects: [Effect]) {
    for case .notify(_, let notice) in effects { owed.append(notice) }
  }

  /// A person is told.
  func pay(_ notice: Notice) {
    if let index = owed.firstIndex(of: notice) { owed.remove(at: index) }
  }

  func crash() {
    world.note("\(actor) crashes")
    isCrashed = true
    end()
  }

  /// The process is gone: its supervisors end what it had started, within five seconds.
  func end() {
    world.gone.insert(owner.pid)
    for child in children where !child.isOver {
      child.end(at: world.now + Int64(world.chance.draw(0...5000)))
    }
  }

  var death: CommandError { CommandError(Process.crashed) }
}

/// The clock of a machine.
struct MachineClock: WallClock {
  let world: World
  let machine: Machine

  func now() -> Timestamp {
    Timestamp(
      milliseconds: world.begin + machine.offset + (world.now - world.begin) * machine.speed / 1000)
  }
}
