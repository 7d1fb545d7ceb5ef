import Git
import Support
import Testing

@testable import Runner
@testable import Site

/// No new work on a machine that has no memory or no disk left.
@Suite("The limits of a machine")
struct MachineLimitTests {
  private let limits = MachineLimits(maxPressure: 50, minFreeDisk: 1000)

  private func kind(pressure: Double? = nil, free: Int = 5000, after last: Shortage.Kind? = nil) -> Shortage
    .Kind?
  {
    let readings = MachineReadings(memoryPressure: pressure, free: [("/a", 9999), ("/b", free)])
    return limits.shortage(readings, after: last.map { Shortage(kind: $0, text: "") })?.kind
  }

  @Test("are over above the pressure and below the free disk, on any disk")
  func over() {
    #expect(kind() == nil)
    #expect(kind(pressure: 50) == nil)
    #expect(kind(pressure: 50.5) == .memory)
    #expect(kind(free: 1000) == nil)
    #expect(kind(free: 999) == .disk)
  }

  @Test("are over until there is some room again")
  func room() {
    #expect(kind(pressure: 41, after: .memory) == .memory)
    #expect(kind(pressure: 40, after: .memory) == nil)
    #expect(kind(free: 1199, after: .disk) == .disk)
    #expect(kind(free: 1200, after: .disk) == nil)
    #expect(kind(pressure: 41, free: 1199) == nil)
  }

  @Test("can be switched off")
  func off() {
    let off = MachineLimits(maxPressure: 100, minFreeDisk: 0)
    #expect(off.shortage(MachineReadings(memoryPressure: 100, free: [("/a", 0)]), after: nil) == nil)
  }

  @Test("say what is short, and what says so")
  func words() {
    let disk = limits.shortage(MachineReadings(memoryPressure: nil, free: [("/b", 1 << 9)]), after: nil)
    #expect(disk?.text == "only 512 bytes are free at '/b' (migrate.minFreeDisk is 1000 bytes)")
    let memory = limits.shortage(MachineReadings(memoryPressure: 61.7, free: []), after: nil)
    #expect(
      memory?.text
        == "programs stand still for want of memory for 61 % of the time (migrate.maxPressure is 50)")
    #expect(MachineLimits.words(256 << 20) == "256 MiB")
    #expect(MachineLimits.words(3 << 29) == "1.5 GiB")
  }

  @Test("are read from the kernel's words; without them there is no pressure")
  func kernel() {
    let text =
      "some avg10=12.34 avg60=1.00 avg300=0.00 total=5\nfull avg10=99.00 avg60=0.00 avg300=0.00 total=1\n"
    #expect(MachineReadings.pressure(text) == 12.34)
    for broken in ["", "full avg10=1.00", "some", "some avg10=", "some avg10=x", "\u{0}"] {
      #expect(MachineReadings.pressure(broken) == nil)
    }
    let now = MachineReadings.now(["/", "/no such folder/below"])
    #expect(now.free.map(\.place) == ["/", "/no such folder/below"])
    #expect(now.free.allSatisfy { $0.bytes >= 0 })
  }

  @Test(
    "are sizes as git writes them",
    arguments: [
      ("0", 0), ("17", 17), ("2k", 2048), ("3M", 3 << 20), ("1g", 1 << 30), ("", nil), ("g", nil),
      ("-1", nil),
      ("1t", nil), ("9999999999999g", nil), ("1.5g", nil),
    ] as [(String, Int?)])
  func sizes(text: String, bytes: Int?) { #expect(MachineLimits.bytes(text) == bytes) }

  @Test("are configured, and a mistake in it is told")
  func configuration() throws {
    let world = try TestRepository()
    func limits() throws -> MachineLimits {
      try MachineLimits(Repository.open(gitDirectory: world.path + "/.git", environment: world.environment))
    }
    #expect(try limits() == .standard)
    try world.git("config", "migrate.maxPressure", "70")
    try world.git("config", "migrate.minFreeDisk", "2g")
    #expect(try limits() == MachineLimits(maxPressure: 70, minFreeDisk: 2 << 30))
    for (key, value) in [
      ("migrate.maxPressure", "0"), ("migrate.maxPressure", "x"), ("migrate.minFreeDisk", "much"),
    ] {
      let before = try world.git("config", key)
      try world.git("config", key, value)
      #expect { try limits() } throws: { "\($0)".contains(key) && "\($0)".contains("'\(value)'") }
      try world.git("config", key, before)
    }
  }

  @Test("hold a run up, which says so once and goes on when the disk is free again")
  func run() throws {
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo a > a' }")
    try world.repository.git("config", "migrate.minFreeDisk", "8000000g")
    let run = try world.begin("run")
    #expect(eventually { run.output.contains("no new work begins") }, "\(run.output)")
    #expect(try world.repository.git("for-each-ref", "refs/migrate/attempt") == "")
    try world.repository.git("config", "migrate.minFreeDisk", "0")
    let end = try run.wait()
    #expect(end.code == 0, "\(end)")
    #expect(end.err.contains("work goes on"), "\(end)")
    #expect(end.err.split(separator: "no new work begins").count == 2, "\(end)")
  }
}
