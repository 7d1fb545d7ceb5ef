/// The words of OpenTelemetry's conventions, and of services that read them, in one place: they change, and
/// the rest of the code does not.
enum OpenTelemetry {
  static let operation = "gen_ai.operation.name"
  static let invokeAgent = "invoke_agent"
  static let executeTool = "execute_tool"
  static let chat = "chat"
  static let agent = "gen_ai.agent.name"
  static let conversation = "gen_ai.conversation.id"
  static let tool = "gen_ai.tool.name"
  static let toolResult = "gen_ai.tool.call.result"
  static let inputs = "gen_ai.input.messages"
  static let outputs = "gen_ai.output.messages"
  static let errorType = "error.type"
  static let exception = "exception"
  static let exceptionType = "exception.type"
  static let exceptionMessage = "exception.message"
  static let exceptionStack = "exception.stacktrace"
  static let pipeline = "cicd.pipeline.name"
  static let task = "cicd.pipeline.task.name"
  static let taskRun = "cicd.pipeline.task.run.id"
  static let taskResult = "cicd.pipeline.task.run.result"
  static let service = "service.name"
  static let serviceVersion = "service.version"
  static let branch = "vcs.ref.head.name"

  /// What MLflow shows in columns, sums up, and groups by.
  enum MLflow {
    static let kind = "mlflow.spanType"
    static let inputs = "mlflow.spanInputs"
    static let outputs = "mlflow.spanOutputs"
    static let cost = "mlflow.llm.cost"
    static func tag(_ name: String) -> String { "mlflow.traceTag.migrate." + name }
  }

  /// The kinds of spans, and the codes of states, as numbers of the protocol.
  static let kindInternal: Int64 = 1
  static let statusOK: Int64 = 1
  static let statusError: Int64 = 2
}
