import CanonicalJSON
import Migration
import Site

/// A part of a ledger as a test: the state before it, its entries, and the state that is expected after them.
/// One JSON object a line; plans stand in front of what needs them.
public struct LedgerSlice {
  private var lines: [JSON] = []
  private var known: Set<String> = []
  private var expected: State

  /// Begins with a state.
  public init(before state: State) {
    expected = state
    for migration in state.migrations { add(migration, number: migration.planNumber) }
    lines.append(.object([JSON.Member("before", state.json)]))
  }

  /// The plan without the steps that are kept as history: a checkpoint has those itself.
  private mutating func add(_ migration: MigrationState, number: Int) {
    guard known.insert("\(migration.name)/\(number)").inserted else { return }
    var plan = migration.plan
    plan.steps.removeLast(migration.keptCount)
    add(plan, of: migration.name, number)
  }

  private mutating func add(_ plan: Plan, of migration: String, _ number: Int) {
    lines.append(
      .object([
        JSON.Member("migration", .string(migration)), JSON.Member("number", .integer(Int64(number))),
        JSON.Member("plan", plan.json),
      ]))
  }

  /// Takes the next entry, and the state after it.
  public mutating func add(_ entry: Entry, after state: State) {
    if let plan = entry.event.change.plan, let number = entry.event.change.planNumber,
      known.insert("\(entry.event.migration)/\(number)").inserted
    {
      add(plan, of: entry.event.migration, number)
    }
    lines.append(.object([JSON.Member("entry", entry.json)]))
    expected = state
  }

  /// The file.
  public var bytes: [UInt8] {
    (lines + [.object([JSON.Member("expect", expected.json)])]).flatMap { $0.canonicalBytes + [0x0A] }
  }

  // MARK: Checking one

  /// What came of folding a slice.
  public enum Verdict: Equatable, Sendable {
    /// The state is as expected, after so many entries.
    case same(Int)
    /// It is not: where.
    case different([String])
    /// An entry was refused: its number, and why.
    case refused(Int, String)
  }

  /// Folds a file that `bytes` wrote. Throws when it is none.
  public static func check(_ bytes: [UInt8]) throws(CommandError) -> Verdict {
    var plans: [String: Plan] = [:]
    var state: State?
    var count = 0
    for (index, line) in bytes.split(separator: 0x0A).enumerated() {
      func fault(_ reason: String) -> CommandError {
        CommandError("line \(index + 1) is not of an exported ledger: \(reason)")
      }
      func plan(_ migration: String, _ number: Int) throws(JSONFault) -> Plan {
        guard let plan = plans["\(migration)/\(number)"] else {
          throw JSONFault("plan \(number) of '\(migration)' is missing")
        }
        return plan
      }
      do throws(JSONFault) {
        let json = try JSON.parse(Array(line))
        if let value = json["plan"] {
          guard case .string(let name)? = json["migration"], case .integer(let number)? = json["number"]
          else {
            throw JSONFault("a plan without a name")
          }
          plans["\(name)/\(number)"] = try Plan(json: value)
        } else if let value = json["before"] {
          state = try State(json: value, plan: plan)
        } else if let value = json["entry"] {
          guard var next = state else { throw JSONFault("an entry before the state") }
          let entry = try read(value, plan)
          count += 1
          do throws(Refusal) { _ = try next.apply(entry.event) } catch {
            return .refused(entry.sequence, error.message)
          }
          state = next
        } else if let value = json["expect"] {
          guard let state else { throw JSONFault("an end before the state") }
          // A state's own JSON is not made of the same pieces as what was read; its bytes are the same.
          let now = try JSON.parse(state.json.canonicalBytes)
          if now == value { return .same(count) }
          let changes = StateChange.between(value, now)
          return .different(
            changes.map { "\($0.path): expected \($0.before ?? "nothing"), is \($0.after ?? "nothing")" })
        } else {
          throw JSONFault("nothing that is known")
        }
      } catch {
        throw fault(error.description)
      }
    }
    throw CommandError("the file has no end: an exported ledger ends with the state that is expected")
  }

  private static func read(
    _ json: JSON, _ plan: (String, Int) throws(JSONFault) -> Plan
  ) throws(JSONFault) -> Entry {
    do throws(EntryFault) { return try Entry(line: json.canonicalBytes, plan: plan) } catch {
      switch error {
      case .newer(let version): throw JSONFault("version \(version) is newer than this program")
      case .damaged(let reason): throw JSONFault(reason)
      }
    }
  }
}
