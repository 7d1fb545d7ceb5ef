import CanonicalJSON
import Migration
import Runner
import Support
import Testing

/// The tables of the manual and the descriptions of the answers (`AnswerForm`) say the same: no member is
/// promised that is not there, and none is there that nobody can read of.
@Suite struct AnswerTests {
  @Test func `every answer has its table in the manual`() {
    let findings = AnswerCatalogue.all.flatMap { answer in
      let page = "man/\(answer.page).1"
      guard let table = ManualTable(page: Tree.text(page) ?? "", heading: answer.heading) else {
        return [Finding(path: page, line: nil, message: "has no table below '\(answer.heading)'")]
      }
      return AnswerTests.faults(answer.members, in: table, of: answer.heading).map {
        Finding(path: page, line: nil, message: $0)
      }
    }
    #expect(findings.isEmpty, "\(Finding.list(findings))")
  }

  @Test func `whoever prints JSON has described it`() {
    let described = Set(AnswerCatalogue.all.map(\.page))
    let missing = DeclaredCommand.withPage.filter { $0.pageOptions.contains("json") }.map(\.name)
      .filter { !described.contains("git-migrate-\($0)") }
    #expect(missing.isEmpty)
  }

  @Test func `a table that lacks a member, or has one too many, is found`() throws {
    let page = """
      .Sh OUTPUT
      .Bl -tag -width Ds
      .It Li version
      1.
      .It Li step , Li epoch
      The claim.
      .It Li until
      When it lapses, in seconds since the Unix epoch, or null.
      .It Li events
      A list of objects with
      .Bl -tag -width Ds
      .It Li kind
      The kind.
      .El
      .El
      .Sh EXIT STATUS
      """
    let table = try #require(ManualTable(page: page, heading: "OUTPUT"))
    let event = member("kind", .text)
    var members = [
      member("version", .number),
      member("step", .text),
      member("epoch", .number),
      member("until", .orNull(.time)),
      member("events", .list(.object([event]))),
    ]
    let faults = { (members: [AnswerMember]) in AnswerTests.faults(members, in: table, of: "X") }
    #expect(faults(members) == [])
    #expect(faults(Array(members.dropLast())) == ["X: there is no member 'events'"])
    let reason = member("reason", .text)
    #expect(faults(members + [reason]) == ["X: the member 'reason' is missing"])
    members[3].type = .time
    #expect(faults(members) == ["X: 'until' is never null"])
    members[3].type = .orNull(.number)
    #expect(faults(members) == ["X: 'until' is no time"])
    members[3].type = .orNull(.time)
    members[1].type = .orNull(.text)
    #expect(faults(members) == ["X: it is not said when 'step' is null"])
    members[1] = member("step", .word(["claim", "other"]), since: "0.2.0")
    #expect(faults(members) == ["X: 'other' of 'step' is missing", "X: 'step' is since 0.2.0"])
    members[1].type = .text
    members[1].since = AnswerMember.firstRelease
    members[4].type = .list(.object([event, reason]))
    #expect(faults(members) == ["X: events: the member 'reason' is missing"])
    members[4].type = .list(.text)
    #expect(faults(members) == ["X: 'events' has no members of its own"])
  }

  private func member(
    _ name: String, _ type: AnswerType, since: String = AnswerMember.firstRelease
  ) -> AnswerMember {
    AnswerMember(name: name, type: type, since: since)
  }

  /// Where a table and a description differ.
  static func faults(_ members: [AnswerMember], in table: ManualTable, of name: String) -> [String] {
    let known = Set(members.map(\.name))
    let tooMany = table.items.flatMap(\.names).filter { !known.contains($0) }
    return members.flatMap { faults(of: $0, in: table, of: name) }
      + tooMany.map { "\(name): there is no member '\($0)'" }
  }

  private static func faults(of member: AnswerMember, in table: ManualTable, of name: String) -> [String] {
    guard let item = table.items.first(where: { $0.names.contains(member.name) }) else {
      return ["\(name): the member '\(member.name)' is missing"]
    }
    let words = item.words
    var type = member.type
    var faults: [String] = []
    var isOptional = false
    if case .orNull(let inner) = type { (type, isOptional) = (inner, true) }
    if isOptional && !words.contains("null") {
      faults.append("\(name): it is not said when '\(member.name)' is null")
    }
    // What stands in one line with others may speak of them.
    if !isOptional && item.names.count == 1 && words.contains("null") && !item.hasParts {
      faults.append("\(name): '\(member.name)' is never null")
    }
    let isTime = item.text.contains("seconds since the Unix epoch")
    if (type == .time) != isTime && !item.hasParts {
      faults.append("\(name): '\(member.name)' is \(isTime ? "no time" : "a time")")
    }
    if case .word(let list) = type, !item.text.contains("One of the states") {
      faults += list.filter { !item.text.contains($0) }.map {
        "\(name): '\($0)' of '\(member.name)' is missing"
      }
    }
    if member.since != AnswerMember.firstRelease, !item.text.contains("since \(member.since)") {
      faults.append("\(name): '\(member.name)' is since \(member.since)")
    }
    return faults + self.faults(ofParts: type, in: item, of: "\(name): \(member.name)", member.name, name)
  }

  private static func faults(
    ofParts type: AnswerType, in item: ManualTable.Item, of path: String, _ member: String, _ name: String
  ) -> [String] {
    switch type {
    case .object(let members), .list(.object(let members)):
      guard let parts = item.parts else { return ["\(path): has no table of its members"] }
      return faults(members, in: parts, of: path)
    case .text, .word, .number, .flag, .time, .list, .map, .document, .orNull:
      return item.hasParts ? ["\(name): '\(member)' has no members of its own"] : []
    }
  }
}
