import CanonicalJSON
import Migration
import Plans
import Testing

/// What a plan says of the sandbox.
@Suite struct SandboxKeys {
  private func plan(_ keys: String) throws -> Plan {
    let text = "---\nmigration: m\ngate: none\n\(keys)\nsteps: [{ id: S1 }]\n---\nDo it.\n"
    return try PlanFile.parse(Array(text.utf8), path: "plan.md").settings
  }

  @Test func `by default it is used where that works`() throws {
    let plan = try plan("")
    #expect(plan.sandbox == .auto && plan.hasNetwork && plan.limits == Plan.MachineShare())
    #expect(plan.json["sandbox"] == nil && plan.json["network"] == nil && plan.json["limits"] == nil)
  }

  @Test func `everything is read, and comes back from the ledger`() throws {
    let plan = try plan(
      """
      sandbox: require
      network: off
      home: [~/.m2, ~/.cache/x]
      limits: { memory: 4g, disk: 512m }
      worktree: { read: [../other, ~/sdk, /opt/x] }
      agent: { adapter: claude, home: [~/.aider, /var/lib/x] }
      """)
    #expect(plan.sandbox == .require && !plan.hasNetwork && plan.home == ["~/.m2", "~/.cache/x"])
    #expect(plan.limits == Plan.MachineShare(memoryBytes: 4 << 30, diskBytes: 512 << 20))
    #expect(plan.worktree.read == ["../other", "~/sdk", "/opt/x"])
    #expect(plan.agent?.home == ["~/.aider", "/var/lib/x"])
    #expect(try Plan(json: plan.json) == plan)
  }

  @Test(arguments: [
    "sandbox: maybe", "network: perhaps", "limits: { memory: 4 }", "limits: { disk: lots }",
    "home: [.ssh]", "agent: { adapter: claude, home: [.ssh] }", "agent: { adapter: claude, home: [~/../x] }",
    "worktree: { read: [a//b] }",
  ])
  func `what means nothing is refused`(_ keys: String) {
    #expect(throws: (any Error).self) { try plan(keys) }
  }
}
