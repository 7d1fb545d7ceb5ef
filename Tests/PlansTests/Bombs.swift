import Draws
import Migration
import Testing

@testable import Plans

@Suite("Plans made to hurt")
struct Bombs {
  /// Generous, for a debug build; what is quadratic takes minutes.
  private static let limit = Duration.seconds(30)

  @Test("an alias bomb stops at its first anchor")
  func aliasBomb() throws {
    var yaml = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
    for (name, before) in zip("bcdefghi", "abcdefgh") {
      yaml += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ", ") + "]\n"
    }
    let fault = try #require(refusal(plan(yaml)))
    #expect(fault.others.first?.message == "YAML anchors are not allowed: '&a'")
    #expect(fault.others.count < Faults.limit)
  }

  @Test(
    "nesting of any depth is one short fault",
    arguments: [
      "[", "{a: ", "- ", "? ", "a: [", "[[],", "{? ", "'", "\"", "!", "&", "|", "%", "- - ? ", "[\n", "-\n ",
    ])
  func nesting(piece: String) throws {
    let text = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
    let took = try processorTime {
      let fault = try #require(refusal(plan("x: " + text)))
      #expect(fault.message.utf8.count < 200)
      let first = try #require(refusal("---\n\(text)\n---\n"))
      #expect(first.line >= 1)
    }
    #expect(took < Self.limit)
  }

  @Test("the deepest and the widest plan that is allowed are the last ones")
  func limits() throws {
    let deep = { (depth: Int) in
      plan("x: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    }
    #expect(refusal(deep(31))?.message == "unknown key 'x' in the plan")
    #expect(refusal(deep(32))?.message == "the front matter is nested deeper than 32 levels")
    let steps = (0..<5_000).map { "- {id: S\($0)}" }.joined(separator: "\n")
    #expect(
      refusal(plan("steps:\n" + steps))?.message == "the front matter holds more than 10000 keys and values")
  }

  @Test("a file that is too long is not read", arguments: [1 << 20, (1 << 20) + 1])
  func size(bytes: Int) {
    let head = plan("steps: [{ id: S1 }]")
    let text = head + String(repeating: "x", count: bytes - head.utf8.count)
    #expect((refusal(text) == nil) == (bytes == 1 << 20))
  }

  @Test("a hundred thousand steps expand, one more does not")
  func manySteps() throws {
    let text = plan(
      """
      steps:
        - { for: { lines: list }, id: "s-{{match.line}}", run: "fix {{match.line}}", needs: [first] }
        - { id: first }
        - { id: last, needs: ["s-*"] }
      """)
    let lines = (1...99_998).map { "module \($0)" }
    var source = FakeSource(printed: ["list": lines])
    var expanded: Plan?
    let took = try processorTime { expanded = try expand(text, source) }
    let plan = try #require(expanded)
    #expect(plan.steps.count == 100_000)
    #expect(plan.steps.last?.needs.count == 99_998)
    #expect(plan.steps.first?.id == "s-module-1")
    #expect(took < .seconds(60))
    source.printed = ["list": lines + ["a", "b", "c"]]
    #expect(
      expansionFault(text, source)?.message == "the plan has 100001 steps or more; at most 100000 are allowed"
    )
  }

  @Test("a chain of a hundred thousand steps is walked without recursion")
  func longChain() throws {
    var steps = (0..<100_000).map { PlannedStep(id: "S\($0)", needs: $0 == 0 ? [] : ["S\($0 - 1)"]) }
    #expect(NeedResolver.cycles(in: steps).isEmpty)
    steps[0].needs = ["S99999"]
    #expect(NeedResolver.cycles(in: steps).first?.count == 100_001)
  }

  @Test("two thousand damaged plans are plans or faults, each at once")
  func fuzz() throws {
    var random = Chance(seed: 20_261_121)
    let original = Array(designExample.utf8)
    let pieces = [
      "[", "]", "{", "}", "- ", ": ", "\n", "\n---\n", "\"", "'", "|\n", "&a ", "*a ", "!!x ", "<<: ", "{{",
      "}}",
      "{{#", "{{/x}}", "\0", "\u{FEFF}", "\r\n", "\t", "9999999999999999999", "~", "? ", "%", "#", "\u{2028}",
      "é",
    ].map { Array($0.utf8) }
    let source = FakeSource(files: ["src/a/__init__.py", "src/a b/__init__.py"])
    let took = processorTime {
      for _ in 0..<2_000 {
        var bytes = original
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<5, using: &random) {
          case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
          case 1:
            bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
          case 2: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
          case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
          default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
          }
        }
        do throws(PlanFault) {
          let plan = try PlanFile.parse(bytes, path: "plan.md").expand(using: source)
          #expect(plan.steps.isEmpty == false)
          _ = PlanCheck.warnings(for: plan)
        } catch {
          #expect(error.path == "plan.md")
          #expect(error.line >= 1 && error.column >= 1)
          #expect(!error.message.isEmpty && error.message.utf8.count < 1_000)
          #expect(!error.message.unicodeScalars.contains(where: isUnprintable), "\(error)")
        }
      }
    }
    #expect(took < .seconds(60))
  }
}
