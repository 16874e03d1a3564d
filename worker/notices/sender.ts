// Who mail comes from: the operator's MAIL_FROM, "tidemark@example.com" or "Tidemark <tidemark@example.com>".

const FROM = /^(?:([^<>"\r\n]{1,100}?)\s*<([^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)>|([^\s<>@]+@[^\s<>@]+\.[^\s<>@]+))$/;
const NAME_DEFAULT = "Tidemark";

type SenderEnv = Pick<Env, "MAIL_FROM"> & { MAIL?: SendEmail };

/** Null where there is no address, or none that can be read. */
export function senderOf({ MAIL_FROM }: Pick<Env, "MAIL_FROM">): { name: string; email: string } | null {
  const [, name, named, bare] = FROM.exec((MAIL_FROM || "").trim()) ?? [];
  const email = named ?? bare;
  return email === undefined ? null : { name: name ?? NAME_DEFAULT, email };
}

/** Whether the operator has set up mail. */
export function canSendMail(env: SenderEnv): boolean {
  return env.MAIL !== undefined && senderOf(env) !== null;
}
