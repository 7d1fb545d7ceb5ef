import Git
import Ledger
import Migration
import System

/// Compares the worktrees of this clone with the leases that name one (I-25). Looks only.
public struct WorktreeCheck {
  let site: Site

  /// Makes a check for a site.
  public init(site: Site) { self.site = site }

  /// What is wrong. A lease whose holder is at work is left alone: it may be making its worktree now.
  public func findings(_ state: State) throws(CommandError) -> [Finding] {
    guard !site.repository.isBare else { return [] }
    let root = try site.worktreeRoot()
    let worktrees = try reporting { try site.repository.worktrees() }
    var findings: [Finding] = []
    for migration in state.migrations {
      for step in migration.steps {
        guard case .leased(let lease) = step.phase, let slot = lease.slot,
          lease.owner.machine == Machine.identity, lease.owner.pid == 0 || Site.isProvablyDead(lease.owner)
        else { continue }
        let fence = Fence(step: step.id, epoch: step.epoch)
        // Another clone on this machine has slots of the same names.
        if site.hasRemote, Slots(site: site).marker(slot)?.fence != fence { continue }
        if let fault = fault(slot, migration.name, fence, worktrees) {
          findings.append(
            Finding(
              rule: "I-25", subject: "\(root)/\(slot)", message: "'\(step.id)' is held there, but \(fault)",
              remedy: "give the step back with 'git migrate release --force \(step.id)'"))
        }
      }
    }
    for worktree in worktrees where worktree.name.hasPrefix(Slots.worktreeName("slot-")) {
      let wanted = root + "/" + worktree.name.dropFirst(Slots.worktreeName("").count)
      // People may name a worktree of theirs like this; ours say so in their lock.
      guard worktree.lockReason == Slots.lockReason else { continue }
      if (Files.realPath(worktree.path) ?? worktree.path) != (Files.realPath(wanted) ?? wanted) {
        findings.append(
          Finding(
            rule: "I-25", subject: wanted,
            message: "the worktree '\(worktree.name)' is registered at '\(worktree.path)'",
            remedy: "when nobody works there, run 'git worktree remove -f -f' on it"))
      }
    }
    return findings
  }

  private func fault(
    _ slot: String, _ migration: String, _ fence: Fence, _ worktrees: [Worktree]
  ) -> String? {
    guard let known = worktrees.first(where: { $0.name == Slots.worktreeName(slot) }) else {
      return "git knows no worktree for it"
    }
    if !known.isValid { return "the worktree's folder is gone, or leads elsewhere" }
    guard let marker = Slots(site: site).marker(slot) else { return "no note says whose files lie there" }
    if marker.migration == migration && marker.fence == fence { return nil }
    return "the files there are of '\(marker.fence.step)', epoch \(marker.fence.epoch)"
  }
}
