// Calls an official client with plain objects, through its typed models, and holds the answer to their types.
//
// Invariant: every field of an answer is of the type that the SDK's model declares for it, all the way down. The answer is looked at
// as it arrived: the SDK itself makes a number of a text and a text of a number, and so would hide a mistake.

// A client whose methods take a request's fields and give the answer's body.
export function typed(module, config, regionId) {
  const client = new module.default(config);
  let arrived;
  const send = client.callApi.bind(client);
  client.callApi = async (...call) => (arrived = await send(...call));
  const method =
    name =>
    async (fields = {}) => {
      const action = name[0].toUpperCase() + name.slice(1);
      if (!client[name]) throw new Error(`the client has no ${name}`);
      const Request = module[`${action}Request`];
      const region = Request && "regionId" in Request.types() && !("regionId" in fields) ? { regionId } : {};
      const answer = Request ? await client[name](filled(Request, { ...region, ...fields })) : await client[name]();
      if (answer.statusCode !== 200) throw new Error(`${name}: HTTP ${answer.statusCode}`);
      check(action, module[`${action}ResponseBody`], arrived.body);
      if (!arrived.body.RequestId) throw new Error(`${name}: no RequestId`);
      return answer.body;
    };
  return new Proxy({}, { get: (_, name) => method(name) });
}

// The fields with every object in them made into the model that is declared there.
function filled(Model, fields) {
  const types = Model.types();
  const made = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!(name in types)) throw new Error(`${Model.name} has no ${name}: ${Object.keys(types)}`);
    made[name] = deeper(types[name], value);
  }
  return new Model(made);
}

function deeper(type, value) {
  if (typeof type === "function" && value && typeof value === "object") return filled(type, value);
  if (type?.type === "array" && Array.isArray(value)) return value.map(item => deeper(type.itemType, item));
  return value;
}

// Refuses what is not of the declared type. What is absent passes: few fields are always sent.
function check(where, type, value) {
  if (value === null || value === undefined || type === "any") return;
  if (type?.type === "array") {
    require(where, Array.isArray(value), "array", value);
    value.forEach((item, index) => check(`${where}[${index}]`, type.itemType, item));
  } else if (type?.type === "map") {
    require(where, typeof value === "object", "map", value);
    for (const [key, item] of Object.entries(value)) check(`${where}[${key}]`, type.valueType, item);
  } else if (typeof type === "function") {
    require(where, typeof value === "object" && !Array.isArray(value), type.name, value);
    const types = type.types();
    for (const [name, arrived] of Object.entries(type.names())) check(`${where}.${name}`, types[name], value[arrived]);
  } else {
    require(where, typeof value === type, type, value);
  }
}

function require(where, holds, type, value) {
  if (!holds) throw new Error(`${where}: the model declares ${JSON.stringify(type)}, there came ${JSON.stringify(value)}`);
}
