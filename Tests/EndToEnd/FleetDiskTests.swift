import Support
import System
import Testing

/// What a fleet brings here, and what of it stays.
@Suite("What a fleet holds here")
struct FleetDiskTests {
  @Test func `one target that cannot be reached holds up no other`() throws {
    let world = try FleetWorld((1...6).map { ("r\($0)", true) })
    try Files.removeTree("\(world.servers)/r3.git")
    let check = try world.migrate("fleet", "check", try world.plan((1...6).map { "r\($0)" }))
    #expect(check.code == 1 && check.err.contains("'r3' could not be begun"), "\(check)")
    #expect(
      try world.states() == [
        "r1": "waiting", "r2": "waiting", "r4": "waiting", "r5": "waiting", "r6": "waiting",
      ])
    #expect(try world.complaints() == "")
  }

  @Test func `the history of targets stays where it is, when that is wanted`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    for name in ["cart", "mail"] { try world.commit(name, "more", "yes\n") }
    _ = try world.git(world.path, "config", "migrate.fleetDepth", "1")
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail"])).code == 0)
    #expect(try world.git(world.path, "rev-list", "--count", "fleet/guava.cart") == "1")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.states() == ["cart": "pushed", "mail": "pushed"])
    #expect(try world.at("cart", "rev-list", "--count", "migrate/guava") == "3")
    try world.commit("cart", "most", "yes\n")
    #expect(try world.migrate("refresh", "-m", "guava.cart").code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.at("cart", "rev-list", "--count", "migrate/guava") == "5")
    #expect(try world.at("cart", "show", "migrate/guava:most") == "yes")
    #expect(try world.complaints() == "")
    _ = try world.git(world.path, "config", "migrate.fleetDepth", "some")
    try world.add("pay")
    let check = try world.migrate("fleet", "check", try world.plan(["cart", "mail", "pay"]))
    #expect(check.code == 128 && check.err.contains("'some', not a number of commits"), "\(check)")
  }

  @Test func `what people have taken goes when there is too much, and nothing else`() throws {
    let world = try FleetWorld([("cart", true), ("mail", true)])
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    let slots = world.path + ".migrate"
    #expect(Files.exists(slots))
    _ = try world.at("cart", "update-ref", "refs/heads/main", "refs/heads/migrate/guava")
    _ = try world.migrate("fleet", "publish")
    #expect(try world.states() == ["cart": "merged", "mail": "pushed"])
    func refs(_ name: String) throws -> [Substring] {
      try world.git(world.path, "for-each-ref", "--format=%(refname)").split(separator: "\n").filter {
        $0.contains("guava.\(name)")
      }
    }
    _ = try world.git(world.path, "config", "migrate.fleetDisk", "1g")
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try !refs("cart").isEmpty && Files.exists(slots))
    _ = try world.git(world.path, "config", "migrate.fleetDisk", "1k")
    let run = try world.migrate("fleet", "run")
    #expect(run.code == 0 && run.err.contains("1 target that is done with given up here"), "\(run)")
    #expect(run.err.contains("more than 'migrate.fleetDisk'"), "\(run)")
    #expect(try refs("cart").isEmpty && !Files.exists(slots), "\(run)")
    #expect(try refs("mail").contains("refs/heads/migrate/guava.mail"))
    #expect(try world.states() == ["cart": "merged", "mail": "pushed"])
    #expect(try world.complaints() == "")
    // It goes on.
    try world.add("pay")
    #expect(try world.migrate("fleet", "check", try world.plan(["cart", "mail", "pay"])).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    #expect(try world.states() == ["cart": "merged", "mail": "pushed", "pay": "pushed"])
    _ = try world.git(world.path, "config", "migrate.fleetDisk", "much")
    let wrong = try world.migrate("fleet", "run")
    #expect(wrong.code == 128 && wrong.err.contains("'much', not a size"), "\(wrong)")
  }

  @Test func `of what people have taken only as much goes as is needed, longest unheard of first`() throws {
    let names = ["cart", "mail", "pay"]
    let world = try FleetWorld(names.map { ($0, true) })
    for name in names {
      try world.random("work-\(name)/large", bytes: 1 << 20)
      try world.commit(name, "more", "yes\n")
    }
    #expect(try world.migrate("fleet", "check", try world.plan(names)).code == 0)
    #expect(try world.migrate("fleet", "run").code == 0)
    for taken in [["mail"], ["cart", "pay"]] {
      for name in taken {
        _ = try world.at(name, "update-ref", "refs/heads/main", "refs/heads/migrate/guava")
      }
      _ = try world.migrate("fleet", "publish")
    }
    #expect(try world.states() == ["cart": "merged", "mail": "merged", "pay": "merged"])
    // Packed, so that what else is written meanwhile weighs little beside the large files.
    _ = try world.git(world.path, "repack", "-a", "-d", "--quiet")
    let used = DiskUse.bytes(below: [world.path + "/.git/objects"])
    func kept(atMost limit: Int) throws -> [String] {
      _ = try world.git(world.path, "config", "migrate.fleetDisk", String(limit))
      let run = try world.migrate("fleet", "run")
      #expect(run.code == 0, "\(run)")
      return try names.filter {
        try !world.git(world.path, "for-each-ref", "refs/heads/*/guava.\($0)").isEmpty
      }
    }
    // Again and again: what was given up is here for an hour, and is no reason to give more up.
    for _ in 0..<2 { #expect(try kept(atMost: used - 1 << 19) == ["cart", "pay"]) }
    #expect(try kept(atMost: used - 3 << 19) == ["pay"])
    #expect(try world.complaints() == "")
  }
}
