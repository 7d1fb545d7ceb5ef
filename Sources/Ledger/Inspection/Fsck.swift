import Git
import Migration

extension Ledger {
  /// Checks the chain, the branches and the refs against the invariants that a repository can show. Never
  /// writes.
  ///
  /// Gives every finding it can reach. Where the state after an entry cannot be known, the walk ends.
  public func fsck() throws(LedgerError) -> [Finding] {
    var inspector = try Inspector(reader: reader, after: .empty)
    var findings: [Finding]
    do throws(GitError) { findings = try remote == nil ? local.sights.findings() : [] } catch {
      throw .git(error)
    }
    var moves = RecordedMoves()
    do throws(InspectionFault) {
      for oid in try tip().map({ (tip) throws(InspectionFault) in
        try Inspector.commits(in: reader, to: tip, from: nil)
      }) ?? [] {
        findings += try inspector.inspect(oid) { (found, before) in
          moves.note(found, before)
          if let breach = timeBreach(found) { findings.append(finding(breach)) }
        }
        .map { finding($0) }
      }
    } catch {
      switch error {
      case .unreadable(let error): throw error
      case .breach(let breach): return findings + [finding(breach)]
      }
    }
    let state = inspector.snapshot.state
    do throws(GitError) {
      for migration in state.migrations {
        findings += try branchFindings(migration, moves.done[migration.name] ?? [])
      }
      return try findings + refFindings(state) + leftOverFindings(state)
    } catch {
      throw .git(error)
    }
  }

  /// No entry may be later than the clock here by more than clocks differ: all that follow could not be
  /// earlier, and no lease would end any more.
  package func timeBreach(_ found: LedgerEntry) -> Breach? {
    let now = clock.now()
    if found.entry.event.at <= now.adding(seconds: Ledger.toleratedSeconds) { return nil }
    return Breach(
      rule: "I-15", commit: found.commit,
      reason: "it is of \(found.entry.event.at.utc), and here it is \(now.utc): set the clock",
      isOfClock: true)
  }

  /// How far ahead the clock of a writer may be.
  static let toleratedSeconds = 2 * 3600

  private func tip() throws(InspectionFault) -> OID? {
    do throws(GitError) { return try repository.resolve(LedgerRefs.ledger) } catch {
      throw .unreadable(.git(error))
    }
  }

  private func finding(_ breach: Breach) -> Finding {
    let remedy =
      switch breach.rule {
      case "I-3": "an entry was copied; restore '\(LedgerRefs.ledger)' from a copy without it"
      case "I-15" where breach.isOfClock:
        "the clock of this machine or of the one that wrote it is wrong"
      case "I-2", "I-1": "restore '\(LedgerRefs.ledger)' from a copy that passes 'git migrate fsck'"
      default:
        "somebody wrote this entry without git-migrate; restore '\(LedgerRefs.ledger)' from a copy that "
          + "passes 'git migrate fsck'"
      }
    return Finding(
      rule: breach.rule, subject: breach.commit.short, message: breach.reason, remedy: remedy)
  }
}

/// The moves of integration branches that the ledger says were done.
struct RecordedMoves {
  /// Per migration, in the order of the chain.
  private(set) var done: [String: [PendingMove]] = [:]

  /// Takes an entry and the state before it.
  mutating func note(_ found: LedgerEntry, _ before: State) {
    let event = found.entry.event
    guard let move = before.migration(named: event.migration)?.move(doneBy: event.change) else { return }
    done[event.migration, default: []].append(move)
  }
}
