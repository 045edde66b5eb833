"""The style sheet of the chat: a column to read in, quiet lists, and marks of what an answer rests on."""

from __future__ import annotations

SHEET = """<style>
.st-key-conversation{max-width:58rem;margin:0 auto;width:100%}
.stBottomBlockContainer,[data-testid=stBottomBlockContainer]{max-width:60rem;padding:.6rem 1rem 1rem}
.st-key-talks button{justify-content:flex-start;text-align:left}
.st-key-talks button p{font-size:.88rem;line-height:1.35}
[data-testid=stStatusWidget]{display:none}
.st-key-greeting{margin-top:6vh}
.st-key-greeting button{justify-content:flex-start;text-align:left}
.m-marks{display:flex;flex-wrap:wrap;gap:.35rem .6rem;align-items:center;font-size:.82rem;color:var(--m-muted)}
.m-marks .m-pill{font-size:.8rem;white-space:normal}
.m-note{margin-top:.3rem;font-size:.84rem;color:var(--m-muted)}
.st-key-conversation [data-testid=stMarkdownContainer] ol{padding-left:1.6em}
[class*=st-key-rest-]{padding-left:1rem}
@media (max-width:640px){
 .st-key-conversation [data-testid=stChatMessage]{padding:.7rem .2rem}
 .st-key-conversation [data-testid=stChatMessageAvatarCustom],
 .st-key-conversation [data-testid=stChatMessage]>div:first-child:not([data-testid=stChatMessageContent]){display:none}
}
</style>"""
