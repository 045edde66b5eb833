"""The style sheet of the panels Incidents and Metrics."""

from __future__ import annotations

SHEET = """<style>
button[kind^=primary],button[kind^=primary] *{color:light-dark(#fff,#0f1217)!important}
[data-testid=stMultiSelectTagsContainer] [data-tag]{background:light-dark(#dfe7fb,#28334d)!important}
[data-testid=stMultiSelectTagsContainer] [data-tag] *{color:var(--m-ink)!important}
.m-row-head{display:flex;flex-wrap:wrap;align-items:center;gap:.3rem .6rem;font-size:1rem;line-height:1.5}
.m-row-head strong{overflow-wrap:anywhere}
.m-id{color:var(--m-muted);font-variant-numeric:tabular-nums;font-size:.86rem}
.m-sub{font-size:.95rem!important;font-weight:600!important;margin:.9rem 0 .3rem!important;padding:0!important}
.m-bullets{margin:0!important;padding-left:1.15rem!important;font-size:.92rem}
.m-bullets li{font-size:.92rem!important;margin:.15rem 0!important;overflow-wrap:anywhere}
.m-empty{border:1px dashed var(--m-line);border-radius:8px;padding:.4rem 1.1rem .8rem}
.m-title{font-size:1.35rem!important;font-weight:620!important;letter-spacing:-.01em;line-height:1.35;
 margin:0!important;padding:0!important;overflow-wrap:anywhere}
.m-lead{font-size:1rem;line-height:1.55;margin:.35rem 0 .2rem;max-width:74ch;overflow-wrap:anywhere}
.m-figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(170px,46%),1fr));gap:.3rem 1.2rem;
 border-top:1px solid var(--m-line);border-bottom:1px solid var(--m-line);padding:.7rem 0!important;
 margin:.5rem 0 .2rem!important}
.m-figures dt{font-size:.82rem;color:var(--m-muted);font-weight:400;margin:0!important;padding:0!important}
.m-figures dd{font-size:.98rem;font-weight:600;margin:0!important;padding:0!important;overflow-wrap:anywhere}
.m-log{list-style:none;margin:0!important;padding:0!important}
.m-log li{display:grid;grid-template-columns:8.5rem 1fr;gap:.2rem .9rem;padding:.45rem 0;margin:0!important;
 border-bottom:1px solid var(--m-line);font-size:.9rem!important;overflow-wrap:anywhere}
.m-log time{color:var(--m-muted);font-variant-numeric:tabular-nums}
.m-fall ol{list-style:none;margin:0!important;padding:0!important}
.m-fall li{display:grid;grid-template-columns:1.9rem minmax(0,24rem) 8.5rem minmax(0,1fr);gap:.1rem .8rem;
 align-items:center;padding:.5rem 0;margin:0!important;border-top:1px solid var(--m-line);font-size:.92rem!important}
.m-fall-what{min-width:0;overflow-wrap:anywhere;line-height:1.4}
.m-fall-when{text-align:right;line-height:1.35;font-size:.86rem}
.m-fall-when .m-word{display:block}
.m-delay{font-variant-numeric:tabular-nums;font-weight:600}
.m-track{position:relative;height:14px;border-radius:4px;background:var(--m-panel)}
.m-track span{position:absolute;top:0;bottom:0;border-radius:4px;background:var(--tone);opacity:.85}
.m-fall-axis{display:flex;justify-content:space-between;margin-left:calc(1.9rem + 24rem + 8.5rem + 2.4rem);
 color:var(--m-muted);font-size:.82rem;font-variant-numeric:tabular-nums;padding-bottom:.25rem}
.m-metric{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .8rem}
.m-metric code{background:none;padding:0;color:var(--m-muted);font-size:.84rem}
@media (max-width:1100px){
 .m-fall li{grid-template-columns:1.9rem minmax(0,1fr) auto;align-items:start}
 .m-track{grid-column:2/-1;margin-top:.25rem}
 .m-fall-axis{margin-left:2.7rem}
}
@media (max-width:640px){.m-log li{grid-template-columns:1fr}}
</style>"""
