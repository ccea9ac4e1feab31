"""What a person sees when all is ready."""

from collections.abc import Mapping


def welcome(url: str, tokens: Mapping[str, str], data_folder: str) -> str:
    roles = "\n".join(f"    {role:<11} {secret}" for role, secret in tokens.items())
    # Commands look there by themselves, as make run does.
    local = "--local" if data_folder == ".local" else f"--local={data_folder}"
    bearer = f'-H "Authorization: Bearer {tokens["moderator"]}"'
    return f"""
Frontdesk is ready.

  Demo page    {url}/demo
  Mailbox      {url}/_local/mailbox
  OpenAPI      {url}/openapi.json

  Staff tokens (also in {data_folder}/tokens.json)
{roles}

  Which comments wait for a moderator?
    curl -s {bearer} {url}/v1/staff/comments | python3 -m json.tool

  Approve one: put its id in the place of ID, its revision in the place of REVISION
    curl -s -X PATCH {bearer} -H 'Content-Type: application/json' -H 'If-Match: "REVISION"' \\
      -d '{{"status": "approved"}}' {url}/v1/staff/comments/ID

  The same from another terminal, here (docs/commands.md)
    .venv/bin/python -m chalicelib.commands queue {local}

  Stop with Ctrl-C; the data stays in {data_folder}.
"""
