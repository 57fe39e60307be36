"""Messages of banks as the tests need them: one element per fact."""

PAIN002 = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">
<CstmrPmtStsRpt>
<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-03-12T18:00:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>{run}</OrgnlMsgId>
<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{group}</OrgnlGrpInfAndSts>
{batch}
</CstmrPmtStsRpt></Document>"""

CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.{version}">
<{root}>
<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-03-13T06:00:00</CreDtTm></GrpHdr>
<{body}><Id>{number}</Id>{entries}</{body}>
</{root}></Document>"""


def pain002(run, payments=(), group="", number="STS1"):
    """Return a status report; ``payments`` are (reference, status, reason)."""
    lines = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId>"
        f"<TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else "")
        + "</TxInfAndSts>"
        for reference, status, reason in payments
    )
    batch = (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{run}</OrgnlPmtInfId>{lines}"
        "</OrgnlPmtInfAndSts>"
        if lines
        else ""
    )
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return PAIN002.format(number=number, run=run, group=status, batch=batch).encode()


def entry(
    reference,
    amount,
    date,
    credit=False,
    reason="",
    fee="",
    status="<Sts><Cd>BOOK</Cd></Sts>",
):
    """Return one entry of a statement about one payment."""
    returned = f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf>" if reason else ""
    charges = f'<Chrgs><Rcrd><Amt Ccy="EUR">{fee}</Amt></Rcrd></Chrgs>' if fee else ""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>{'CRDT' if credit else 'DBIT'}</CdtDbtInd>{status}"
        f"<BookgDt><Dt>{date}</Dt></BookgDt><NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{reference}</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{amount}</Amt>{charges}{returned}'
        "</TxDtls></NtryDtls></Ntry>"
    )


def batch_entry(run, amount, date):
    """Return the debit of a whole batch, without its payments."""
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<Sts>BOOK</Sts><BookgDt><Dt>{date}</Dt></BookgDt>"
        f"<NtryDtls><Btch><PmtInfId>{run}</PmtInfId></Btch></NtryDtls></Ntry>"
    )


def camt053(*entries, number="STMT1", version="08"):
    """Return a statement of some entries."""
    return CAMT.format(
        kind="camt.053",
        version=version,
        root="BkToCstmrStmt",
        body="Stmt",
        number=number,
        entries="".join(entries),
    ).encode()


def camt054(*entries, number="NTF1"):
    """Return a notice of some entries."""
    return CAMT.format(
        kind="camt.054",
        version="08",
        root="BkToCstmrDbtCdtNtfctn",
        body="Ntfctn",
        number=number,
        entries="".join(entries),
    ).encode()
