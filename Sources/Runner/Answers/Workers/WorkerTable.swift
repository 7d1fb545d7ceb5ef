import Migration
import Site
import System

/// Who works on a migration now: what `git migrate workers status` prints.
package struct WorkerTable: PrintedAnswer {
  /// The migration's name.
  package let migration: String
  /// The workers, by their names.
  package let workers: [ListedWorker]
  /// How many steps could be taken now, and nobody has.
  package let waiting: Int

  /// The workers.
  package static let form = AnswerForm<WorkerTable>.document([
    .text("migration", \.migration), .number("waiting", \.waiting), .list("workers", \.workers),
  ])

  /// Tells of those of a migration; `isDead` says whether a process is known to have ended.
  package init(_ state: MigrationState, at now: Timestamp, isDead: (Owner) -> Bool) {
    migration = state.name
    waiting = state.steps.count { $0.phase == .ready }
    var found: [String: ListedWorker] = [:]
    func add(_ holder: String, _ owner: Owner, _ step: String, _ doing: String, _ until: Timestamp) {
      var worker = found[holder] ?? ListedWorker(worker: holder, machine: owner.machine)
      worker.steps.append(step)
      worker.doing = doing
      worker.until = max(worker.until ?? until, until)
      worker.state = isDead(owner) ? "dead" : until <= now ? "late" : "works"
      found[holder] = worker
    }
    for step in state.steps {
      switch step.phase {
      case .leased(let lease): add(lease.holder, lease.owner, step.id, "work", lease.expiresAt)
      case .gating(_, let gate), .merging(_, let gate, _):
        add(gate.start.holder, gate.start.owner, step.id, "gate", gate.start.expiresAt)
      case .waiting, .ready, .submitted, .merged, .backoff, .blocked, .person, .proposed, .skipped,
        .cancelled, .undone:
        break
      }
    }
    workers = found.values.sorted { $0.worker < $1.worker }
  }

  package func text(_: Palette) -> String {
    let rest = waiting == 0 ? "" : "\(Count.of(waiting, "step")) could be taken\n"
    if workers.isEmpty { return "nobody works on \(migration)\n" + rest }
    return Rows.table(workers.map { [$0.worker, $0.state, $0.doing, $0.steps.joined(separator: " ")] }) + rest
  }
}

/// One worker.
package struct ListedWorker: Answer {
  /// Its name, as its claims have it.
  package var worker: String
  /// Its machine, as the ledger names it.
  package var machine: String
  /// `works`; `late` when what it holds has lapsed; `dead` when its process is known to have ended.
  package var state = "works"
  /// `work` or `gate`.
  package var doing = "work"
  /// The steps that it holds.
  package var steps: [String] = []
  /// Until when it holds them.
  package var until: Timestamp?

  /// What is said of it.
  package static let form = AnswerForm<ListedWorker>([
    .text("worker", \.worker), .text("machine", \.machine),
    .word("state", ["works", "late", "dead"], \.state), .word("doing", ["work", "gate"], \.doing),
    .texts("steps", \.steps), .time("until", orNull: \.until),
  ])

  init(worker: String, machine: String) { (self.worker, self.machine) = (worker, machine) }
}
