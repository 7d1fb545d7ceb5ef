import Git
import Ledger
import Migration
import Site

/// The doctor's word on submodules: their folders are empty in the worktrees of steps and of the gate until a
/// set-up command fills them.
struct DoctorSubmodules {
  let site: Site

  func checks() -> [DoctorCheck] {
    guard let count = try? count(), count > 0 else { return [] }
    let open = ((try? site.ledger.read())?.state.migrations ?? []).filter { !$0.phase.isTerminal }
    let forgetful = open.first { state in
      let gate = state.plan.gate
      let commands = [state.plan.worktree.setup] + (gate.verifiers.isEmpty ? [] : [gate.setup?.run])
      return commands.contains { $0?.contains("submodule") != true }
    }
    let found = "\(Count.of(count, "submodule")) here"
    let way =
      "'worktree: { setup: git submodule update --init }' in the plan fills them; see gitmigrate-plan(5)"
    if let forgetful {
      return [
        DoctorCheck(
          "submodules", .warning,
          "\(found), and no set-up of '\(forgetful.name)' fills them: they are empty folders for workers or "
            + "verifiers", hint: way)
      ]
    }
    if !open.isEmpty { return [DoctorCheck("submodules", .ok, "\(found), and the set-up speaks of them")] }
    return [
      DoctorCheck("submodules", .ok, "\(found): empty folders for workers and verifiers at first", hint: way)
    ]
  }

  /// How many the commit that is checked out names.
  private func count() throws -> Int {
    let repository = site.repository
    guard let commit = try repository.head().oid,
      let entry = try repository.entry(at: ".gitmodules", inTree: repository.treeOf(commit: commit)),
      entry.kind == .blob, try repository.objectSize(entry.oid) <= 1 << 20
    else { return 0 }
    let lines = try repository.blob(entry.oid).split(separator: 0x0A)
    return lines.count { $0.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: "[submodule ".utf8) }
  }
}
