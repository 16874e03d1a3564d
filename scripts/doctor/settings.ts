import type { Finding } from "./finding.ts";
import { good, problem, unknown } from "./finding.ts";
import { loadProduct } from "./product.ts";

// What can be said about settings without asking anybody.

export type Settings = Record<string, string | undefined>;

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TENANT_WORDS = new Set(["common", "organizations", "consumers"]);
const MAKE_A_KEY = `node -e 'console.log("k1:" + crypto.getRandomValues(Buffer.alloc(32)).toString("base64url"))'`;
const UNMADE_DATABASE = /^0{8}(-0{4}){3}-0{12}$/;

/** Whose settings: this machine's with a real registration, this machine's with the sandbox, or a deployment's. */
export type Place = "local" | "sandbox" | "deployed";

/** The settings of the Worker, one after the other. */
export async function checkSettings(settings: Settings, place: Place): Promise<Finding[]> {
  const deployed = place === "deployed";
  return [
    checkOrigin(settings["ORIGIN"], deployed),
    ...(place === "local" ? checkReach(settings["ORIGIN"]) : []),
    checkClientId(settings["MICROSOFT_CLIENT_ID"]),
    checkSecret(settings["MICROSOFT_CLIENT_SECRET"], deployed),
    checkTenant(settings["MICROSOFT_TENANT"]),
    await checkMasterKeys(settings["MASTER_KEYS"], deployed),
    ...checkAdmins(settings["ADMIN_SUBJECTS"]),
    ...(place === "sandbox" ? [] : checkSignUp(settings)),
    await checkMail(settings["MAIL_FROM"]),
    ...checkCookies(settings),
  ];
}

export function checkOrigin(origin: string | undefined, deployed: boolean): Finding {
  const url = URL.parse(origin ?? "");
  if (!url)
    return problem(
      `ORIGIN is "${origin ?? ""}", which is no address.`,
      "Set it to the address that people open, such as https://tidemark.example.com",
    );
  if (url.origin !== origin) return problem(`ORIGIN is "${origin}".`, `Write it without a path or a slash at its end: ${url.origin}`);
  if (url.protocol === "https:") return good(`ORIGIN is ${origin}.`);
  if (url.protocol !== "http:" || url.hostname !== "localhost") {
    return problem(
      `ORIGIN is "${origin}".`,
      "It must begin with https://, and only on this machine may it be http://localhost and a port.",
    );
  }
  if (deployed)
    return problem(`ORIGIN is ${origin}, which is this machine.`, "Set it in wrangler.toml to the address that people will open.");
  return good(`ORIGIN is ${origin}.`);
}

function checkReach(origin: string | undefined): Finding[] {
  if (URL.parse(origin ?? "")?.hostname !== "localhost") return [];
  return [
    unknown(
      "Microsoft cannot send change notifications to this machine: changes are found by the schedule.",
      "README, “Webhooks on this machine”, says how to open a tunnel.",
    ),
  ];
}

export function checkClientId(id: string | undefined): Finding {
  const advice = "It is the “Application (client) ID” on the overview page of the app registration.";
  if (!id) return problem("MICROSOFT_CLIENT_ID is not set.", advice);
  return GUID.test(id) ? good(`MICROSOFT_CLIENT_ID is ${id}.`) : problem(`MICROSOFT_CLIENT_ID is "${id}", which is no GUID.`, advice);
}

export function checkSecret(secret: string | undefined, deployed: boolean): Finding {
  if (!secret && deployed) {
    return unknown(
      "MICROSOFT_CLIENT_SECRET cannot be read back from Cloudflare.",
      "Give a file with it, --secrets-file FILE, to have it tried.",
    );
  }
  if (!secret)
    return problem(
      "MICROSOFT_CLIENT_SECRET is not set.",
      "Make one under “Certificates & secrets” of the app registration, and copy its Value.",
    );
  if (GUID.test(secret))
    return problem(
      "MICROSOFT_CLIENT_SECRET has the form of a secret's ID.",
      "Copy the secret's Value, which is shown only when it is made.",
    );
  return good("MICROSOFT_CLIENT_SECRET is set.");
}

export function checkTenant(tenant: string | undefined): Finding {
  if (tenant && (TENANT_WORDS.has(tenant) || GUID.test(tenant))) return good(`MICROSOFT_TENANT is ${tenant}.`);
  return problem(
    `MICROSOFT_TENANT is "${tenant ?? ""}".`,
    "Use common, organizations, consumers, or a directory's id (a GUID; a domain will not do).",
  );
}

export async function checkMasterKeys(keys: string | undefined, deployed: boolean): Promise<Finding> {
  if (!keys && deployed)
    return unknown(
      "MASTER_KEYS cannot be read back from Cloudflare.",
      "Give a file with it, --secrets-file FILE, to have its form checked.",
    );
  if (!keys) return good("MASTER_KEYS is not set: npm start makes a key for this machine and keeps it beside its state.");
  const { masterKeys } = await loadProduct();
  try {
    masterKeys({ MASTER_KEYS: keys });
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error), `Make a key: ${MAKE_A_KEY}`);
  }
  return good(`MASTER_KEYS holds ${keys.split(",").length === 1 ? "one key" : `${keys.split(",").length} keys`}.`);
}

export async function checkMail(from: string | undefined): Promise<Finding> {
  if (!from)
    return unknown(
      "MAIL_FROM is not set: nobody is written to when a copy needs them.",
      "docs/operations.md, “Mail”, says how to set it up.",
    );
  const { senderOf } = await loadProduct();
  const sender = senderOf({ MAIL_FROM: from });
  if (!sender) return problem(`MAIL_FROM is "${from}", which is no sender.`, 'Write it as "Tidemark <tidemark@example.com>".');
  const domain = sender.email.split("@").at(-1);
  return good(`Mail comes from ${sender.email}, if ${domain} is set up for Cloudflare's Email Service.`);
}

function checkAdmins(setting: string | undefined): Finding[] {
  const entries = (setting ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
  const wrong = entries.find((entry) => !/^https?:\/\/\S+\s+\S+$/.test(entry));
  if (wrong !== undefined)
    return [
      problem(
        `ADMIN_SUBJECTS has the entry "${wrong}".`,
        'Write each one as "issuer subject", with a space between; commas between entries.',
      ),
    ];
  return entries.length > 0 ? [good(`ADMIN_SUBJECTS names ${entries.length}.`)] : [];
}

function checkSignUp(settings: Settings): Finding[] {
  const tenants = settings["ALLOWED_TENANTS"] ?? "";
  const wrong = tenants.split(",").map((entry) => entry.trim()).find((entry) => entry !== "" && !GUID.test(entry)); // prettier-ignore
  if (wrong !== undefined) return [problem(`ALLOWED_TENANTS has the entry "${wrong}".`, "Use directory ids, which are GUIDs.")];
  if (settings["ALLOWED_EMAIL_DOMAINS"]) {
    const advice = "Add the optional claims email and xms_edov to the id token of the app registration; without them nobody can sign up.";
    return [unknown("ALLOWED_EMAIL_DOMAINS needs addresses that Microsoft has confirmed.", advice)];
  }
  const google = Boolean(settings["GOOGLE_CLIENT_ID"]);
  if (tenants) return [good(`ALLOWED_TENANTS says who may sign up.${google ? " With Google, nobody new can: they have no tenant." : ""}`)];
  const anybody = `Anybody with a Microsoft account of these kinds${google ? ", or a Google account," : ""} may sign up.`;
  return [unknown(anybody, "Set ALLOWED_TENANTS or ALLOWED_EMAIL_DOMAINS to admit certain organisations only.")];
}

function checkCookies(settings: Settings): Finding[] {
  if (settings["INSECURE_COOKIES"] !== "true") return [];
  if (settings["ORIGIN"]?.startsWith("http://localhost"))
    return [unknown("INSECURE_COOKIES is on: other programs on localhost could set our cookies.")];
  return [problem("INSECURE_COOKIES is on, and has no effect on this ORIGIN.", "Remove it.")];
}

/** The part of wrangler.toml that a deployment depends on. */
export interface DeployConfig {
  databaseId: string | undefined;
  origin: string | undefined;
  /** Custom domains and routes of the configuration, as patterns. */
  routes: readonly string[];
  workersDev: boolean;
}

export function checkDeployConfig(config: DeployConfig): Finding[] {
  const host = URL.parse(config.origin ?? "")?.hostname ?? "";
  const findings = [
    config.databaseId && !UNMADE_DATABASE.test(config.databaseId)
      ? good(`The database is ${config.databaseId}.`)
      : problem(
          "wrangler.toml has no database yet: database_id is zeros.",
          "Run: npx wrangler d1 create tidemark, and put the id that it prints there.",
        ),
  ];
  if (host.endsWith(".workers.dev")) {
    findings.push(
      config.workersDev
        ? good(`${host} is the Worker's own address.`)
        : problem(`ORIGIN is ${host}, and workers_dev is false.`, "Set workers_dev = true in wrangler.toml."),
    );
  } else if (config.routes.length > 0 && !config.routes.some((pattern) => pattern.split("/")[0] === host)) {
    findings.push(
      problem(`No route of wrangler.toml is for ${host}, which is ORIGIN's host.`, `The routes are: ${config.routes.join(", ")}`),
    );
  } else if (config.routes.length > 0) {
    findings.push(good(`A route leads ${host} to the Worker.`));
  } else if (host !== "" && host !== "localhost") {
    findings.push(good(`npm run deploy makes ${host} a custom domain of the Worker.`));
  }
  return findings;
}
