import { ROOT_N } from "../drives/store.ts";
import type { Call, DropboxTools } from "./context.ts";
import { rootInfo } from "./namespaces.ts";

const PLAN_BYTES = 2 * 1024 ** 4;
const TEAM_BYTES = 15 * 1024 ** 4;

export function currentAccount(tools: DropboxTools, { grant: { account } }: Call): Response {
  const [given = "", ...rest] = account.displayName.split(" ");
  const surname = rest.join(" ");
  return Response.json({
    account_id: account.accountId,
    name: {
      given_name: given,
      surname,
      familiar_name: given,
      display_name: account.displayName,
      abbreviated_name: `${given.charAt(0)}${surname.charAt(0)}`,
    },
    email: account.name,
    email_verified: true,
    disabled: false,
    country: "DE",
    locale: "en",
    referral_link: "https://www.dropbox.com/referrals/AAAsandbox",
    is_paired: false,
    account_type: { ".tag": account.team ? "business" : "basic" },
    root_info: rootInfo(tools, account),
    ...(account.team ? { team: teamOf(account.team), team_member_id: `dbmid:${account.accountId.slice("dbid:".length)}` } : {}),
  });
}

export function spaceUsage(tools: DropboxTools, { grant: { account } }: Call): Response {
  const used = tools.drives.live(account.no, ROOT_N)?.size ?? 0;
  const team = {
    ".tag": "team",
    used,
    allocated: TEAM_BYTES,
    user_within_team_space_allocated: 0,
    user_within_team_space_limit_type: { ".tag": "off" },
    user_within_team_space_used_cached: used,
  };
  return Response.json({ used, allocation: account.team ? team : { ".tag": "individual", allocated: PLAN_BYTES } });
}

function teamOf({ id, name }: { id: string; name: string }): object {
  return {
    id,
    name,
    sharing_policies: {
      shared_folder_member_policy: { ".tag": "team" },
      shared_folder_join_policy: { ".tag": "from_anyone" },
      shared_link_create_policy: { ".tag": "team_only" },
      group_creation_policy: { ".tag": "admins_only" },
      shared_folder_link_restriction_policy: { ".tag": "anyone" },
      enforce_link_password_policy: { ".tag": "optional" },
      default_link_expiration_days_policy: { ".tag": "none" },
      shared_link_default_permissions_policy: { ".tag": "default" },
    },
    office_addin_policy: { ".tag": "disabled" },
    top_level_content_policy: { ".tag": "admin_only" },
  };
}
