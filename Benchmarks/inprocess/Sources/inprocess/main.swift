import Glibc
import Ledger

let usage = """
  usage: inprocess append REPOSITORY BLOCKS PER-BLOCK
         inprocess prepare REPOSITORY WORKERS
         inprocess write REPOSITORY FIRST-WORKER WORKERS COUNT
         inprocess generate REPOSITORY STEPS EVENTS
         inprocess claim REPOSITORY STEPS BATCH
         inprocess share REPOSITORY
         inprocess push REPOSITORY WORKER COUNT BATCH
         inprocess last REPOSITORY WORKER SECONDS
         inprocess read FILE

  """

/// The bench drivers call this; the arguments are numbers after the command and the repository.
func run(_ arguments: [String]) throws {
  let numbers = arguments.dropFirst(2).map { Int($0) ?? 0 }
  switch (arguments.first, numbers.count) {
  case ("append", 2):
    var bench = try AppendBench(arguments[1])
    try bench.run(blocks: numbers[0], perBlock: numbers[1])
  case ("prepare", 1): try Bench(arguments[1]).prepare(holders: numbers[0])
  case ("write", 3):
    let bench = try Bench(arguments[1])
    _ = try bench.ledger.read()
    waitForStart()
    for round in 0..<numbers[2] {
      for worker in numbers[0]..<(numbers[0] + numbers[1]) { try bench.renew(worker, round: round) }
    }
  case ("claim", 2): try ClaimBench(arguments[1], steps: numbers[0]).run(batch: max(1, numbers[1]))
  case ("share", 0): _ = try Bench(shared: arguments[1]).ledger.synchronize()
  case ("push", 3):
    let bench = try Bench(shared: arguments[1])
    _ = try bench.ledger.read()
    waitForStart()
    for round in 0..<numbers[1] { try bench.renew(numbers[0], round: round, count: max(1, numbers[2])) }
  case ("last", 2):
    let bench = try Bench(shared: arguments[1])
    _ = try bench.ledger.read()
    waitForStart()
    let end = Bench.now() + Int64(numbers[1]) * 1_000_000_000
    var count = 0
    while Bench.now() < end {
      try bench.renew(numbers[0], round: count)
      count += 1
    }
    print(count)
  case ("read", 0): try readOutput(arguments[1])
  case ("generate", 2): try Generator(arguments[1], steps: numbers[0], events: numbers[1]).run()
  default: throw Trouble(usage)
  }
}

/// All begin together: when whoever started them closes the pipe.
func waitForStart() {
  while getchar() != EOF {}
}

do {
  try run(Array(CommandLine.arguments.dropFirst()))
} catch {
  let text = Array("inprocess: \(error)\n".utf8)
  _ = write(2, text, text.count)
  exit(1)
}
