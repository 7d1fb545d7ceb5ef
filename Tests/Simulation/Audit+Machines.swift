import Migration

extension Audit {
  /// What a machine has not got is told once, and no step that needs it is begun there before it is back.
  mutating func checkTrouble(_ change: MachineChange, _ event: Event, _ world: World) {
    if event.migration != FormatVersion.everyMigration { world.fail("I-7", "a trouble of one migration") }
    switch change {
    case .troubled(let machine, let missing):
      if !troubles.insert("\(machine) \(missing.program)").inserted {
        world.fail("I-7", "it is told twice that \(machine) has not got '\(missing.program)'")
      }
      world.load.troubles += 1
    case .cleared(let machine, let program):
      if troubles.remove("\(machine) \(program)") == nil {
        world.fail("I-7", "\(machine) is said to have '\(program)' again, which it never missed")
      }
    }
  }
}
