import Migration
import Testing

@testable import Plans

@Suite("Targets of a plan")
struct Targets {
  private func plan(_ targets: String, more: String = "", steps: String = "  - { id: S1, run: x }") -> String
  {
    """
    ---
    migration: guava
    gate: none
    \(targets)
    \(more)
    steps:
    \(steps)
    ---
    Do it in {{target.id}}.

    """
  }

  private func read(_ text: String) throws -> PlanFile {
    try PlanFile.parse(Array(text.utf8), path: "p.md")
  }

  private func fault(_ text: String) -> String {
    do {
      _ = try read(text)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test("are a list, with waves in its order")
  func list() throws {
    let file = try read(
      plan(
        """
        targets:
          base: trunk
          waves: [1, 2, rest]
          stop: { failed: 30% }
          list:
            - https://forge.test/org/cart.git
            - { url: "git@forge.test:org/mail", id: mail, owner: ann, labels: [java, old], base: dev }
            - /srv/git/pay.git
            - /srv/git/tax.git
        """))
    let fleet = try #require(file.fleet)
    guard case .list(let lines) = fleet.source else { return #expect(Bool(false)) }
    var faults: [String] = []
    let members = fleet.members(of: lines, for: file.settings) { faults.append($1) }
    #expect(faults.isEmpty)
    #expect(members.map(\.target.id) == ["org-cart", "mail", "pay", "tax"])
    #expect(members.map(\.wave) == [1, 2, 2, 3])
    #expect(members.map(\.target.base) == ["trunk", "dev", "trunk", "trunk"])
    #expect(members[1].target.owner == "ann" && members[1].target.labels == ["java", "old"])
    #expect(members.allSatisfy { $0.stop == FleetStop(failedPercent: 30) && $0.branch == "migrate/guava" })
  }

  @Test("are done by a plan of their own, in which templates are filled")
  func expanded() throws {
    let file = try read(
      plan(
        "targets: [https://forge.test/org/cart]",
        steps: "  - { id: S1, title: 'In {{target.id}}', run: 'use {{target.url}}' }"))
    let fleet = try #require(file.fleet)
    guard case .list(let lines) = fleet.source else { return #expect(Bool(false)) }
    var member = try #require(fleet.members(of: lines, for: file.settings) { _, _ in }.first)
    member.target.base = "main"
    // What is no template stays as it is, also where it looks like one.
    let plain = try read(
      plan("targets: [https://forge.test/a/b]", steps: "  - { id: S1, run: 'use {{x}}' }"))
    #expect(try plain.expand(for: member, using: Nothing()).steps.first?.run == "use {{x}}")
    let made = try read(
      plan(
        "targets: [https://forge.test/org/cart]",
        steps: "  - { id: S1, title: 'In {{target.id}}', run: 'use {{target.url}}' }")
    ).expand(for: member, using: Nothing())
    #expect(made.migration == "guava.org-cart" && made.into == "migrate/guava.org-cart")
    #expect(made.steps.first?.title == "In org-cart")
    #expect(made.steps.first?.run == "use 'https://forge.test/org/cart'")
    #expect(made.fault() == nil)
  }

  private struct Nothing: ExpansionSource {
    func trackedFiles() -> [String]? { [] }
    func text(of path: String) -> String? { nil }
    func lines(of command: String) -> [String]? { [] }
  }

  @Test(
    "are refused with a place and a reason",
    arguments: [
      ("targets: []", "'targets' is empty"), ("targets: {}", "names no repositories"),
      ("targets: { from: a, command: b }", "more than one list"),
      ("targets: { from: a, forge: 'org:b' }", "more than one list"),
      ("targets: { forge: 'topic:java' }", "names no owner"),
      ("targets: [https://a.test/b, https://a.test/b]", "is a target already"),
      ("targets: [{ url: 'https://a.test/b', id: B }]", "must be in lower case"),
      ("targets: [{ id: b }]", "has no 'url'"), ("targets: [{ url: /a, name: b }]", "unknown key 'name'"),
      ("targets: ['ext::sh']", "names a helper program"),
      ("targets: { list: [/a], waves: [0] }", "must be between 1"),
      ("targets: { list: [/a], waves: [rest, 5] }", "must be a whole number"),
      ("targets: { list: [/a], stop: { failed: 0% } }", "between 1% and 100%"),
      ("targets: [/a]\nbase: main", "has no 'base' of its own"),
      ("targets: [/a]\nbudget: { usd: 5 }", "is not counted over targets"),
      ("targets: [{ url: /a, base: migrate/guava }]", "which people there share"),
    ])
  func refused(_ targets: String, _ words: String) {
    let found = fault(plan(targets))
    #expect(found.contains(words), "\(found)")
    #expect(found.hasPrefix("p.md:"), "\(found)")
  }

  @Test("have names that only a plan with targets knows")
  func names() {
    #expect(fault(plan("", steps: "  - { id: S1, run: x }")).contains("unknown name 'target.id'"))
    #expect(
      fault(plan("targets: [/a]", steps: "  - { id: S1, run: 'x {{target.idd}}' }"))
        .contains("unknown name 'target.idd'"))
    #expect(
      fault(plan("targets: [/a]", steps: "  - { id: S1, run: 'x \"{{target.id}}\"' }"))
        .contains("stands where a quoted value is not safe"))
  }

  @Test("are read from lines of words or JSON, with the line of what is wrong")
  func lines() {
    let list = TargetList(
      """
      # all of them
      https://forge.test/a/b  owner=ann label=java label=old

      {"url": "/srv/c.git", "id": "c", "base": "dev"}
      /srv/d.git colour=red
      {"url": 7}
      """)
    #expect(list.lines.map(\.url) == ["https://forge.test/a/b", "/srv/c.git"])
    #expect(list.lines.map(\.line) == [2, 4])
    #expect(list.lines.first?.labels == ["java", "old"])
    #expect(list.lines.last?.base == "dev")
    #expect(list.faults.map(\.line) == [5, 6])
    #expect(list.faults.first?.message.contains("'colour' is no key") == true)
  }

  @Test("get names that differ, also where their addresses end alike")
  func distinct() throws {
    let file = try read(plan("targets: [/srv/one/app.git, /srv/two/app.git]"))
    let fleet = try #require(file.fleet)
    guard case .list(let lines) = fleet.source else { return #expect(Bool(false)) }
    let members = fleet.members(of: lines, for: file.settings) { _, _ in }
    #expect(Set(members.map(\.target.id)).count == 2)
    #expect(members.allSatisfy { $0.target.id.hasPrefix("app-") })
  }
}
