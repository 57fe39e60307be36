"""The tables of scenarios S1 to S11a of the accounting design, as far as worked out.

Columns: entry, date, kind (entry, commission invoice, credit note), role, partner,
debit, credit, tax. On a base line tax is the rate, on a tax line what it was taken on.

Some differ from the design in form only. "Paid and delivered" at once (S6, S11a) is two
entries here, capture and entitlement through VENDOR_PENDING: the suite never credits a
vendor's due account before delivery. S10 shows the tax on its base line, too. No SEPA
file carries yen: in S11a the provider pays the vendors out of what he holds, then the
rest goes to the bank (design, 1.4: a PSP payout credits PSP_CLEARING).
"""

from odoo.tools import groupby


def read(table):
    """Return [(date, kind, sorted rows)] of the entries of a table, in order.

    A row is (role, partner, debit, credit, tax), all text, amounts with two decimals.
    """
    rows = [
        [cell.strip() for cell in line.split("|")] for line in table.strip().split("\n")
    ]
    return [
        (
            date,
            kind,
            sorted(
                (
                    role,
                    partner,
                    f"{float(debit or 0):.2f}",
                    f"{float(credit or 0):.2f}",
                    tax,
                )
                for _number, _date, _kind, role, partner, debit, credit, tax in entry
            ),
        )
        for (_number, date, kind), entry in groupby(
            rows, key=lambda row: tuple(row[:3])
        )
    ]


S1 = """
1| 2026-03-02| entry| PSP_CLEARING  | PSP| 33.33|      |
1| 2026-03-02| entry| VENDOR_PENDING| A  |      | 33.33|
2| 2026-03-05| entry| VENDOR_PENDING| A  | 33.33|      |
2| 2026-03-05| entry| VENDOR_DUE    | A  |      | 33.33|
3| 2026-03-10| inv  | VENDOR_AR     | A  |  5.00|      |
3| 2026-03-10| inv  | COMMISSION    | A  |      |  4.17| 20%
3| 2026-03-10| inv  | VAT_OUT       | A  |      |  0.83| VAT 20% on 4.17
4| 2026-03-10| entry| VENDOR_DUE    | A  |  5.00|      |
4| 2026-03-10| entry| VENDOR_AR     | A  |      |  5.00|
5| 2026-03-11| entry| BANK          | PSP| 32.61|      |
5| 2026-03-11| entry| PSP_FEES      | PSP|  0.72|      |
5| 2026-03-11| entry| PSP_CLEARING  | PSP|      | 33.33|
6| 2026-03-12| entry| VENDOR_DUE    | A  | 28.33|      |
6| 2026-03-12| entry| BANK          | A  |      | 28.33|
"""

S2 = """
1| 2026-03-02| entry| PSP_CLEARING  | PSP| 100.00|       |
1| 2026-03-02| entry| VENDOR_PENDING| A  |       |  33.34|
1| 2026-03-02| entry| VENDOR_PENDING| B  |       |  33.33|
1| 2026-03-02| entry| VENDOR_PENDING| C  |       |  33.33|
2| 2026-03-04| entry| VENDOR_PENDING| A  |  33.34|       |
2| 2026-03-04| entry| VENDOR_DUE    | A  |       |  33.34|
2| 2026-03-04| entry| VENDOR_PENDING| B  |  33.33|       |
2| 2026-03-04| entry| VENDOR_DUE    | B  |       |  33.33|
3| 2026-03-06| entry| VENDOR_PENDING| C  |  33.33|       |
3| 2026-03-06| entry| VENDOR_DUE    | C  |       |  33.33|
4| 2026-03-10| inv  | VENDOR_AR     | A  |   4.00|       |
4| 2026-03-10| inv  | COMMISSION    | A  |       |   3.33| 20%
4| 2026-03-10| inv  | VAT_OUT       | A  |       |   0.67| VAT 20% on 3.33
5| 2026-03-10| inv  | VENDOR_AR     | B  |   4.00|       |
5| 2026-03-10| inv  | COMMISSION    | B  |       |   3.33| 20%
5| 2026-03-10| inv  | VAT_OUT       | B  |       |   0.67| VAT 20% on 3.33
6| 2026-03-10| inv  | VENDOR_AR     | C  |   4.00|       |
6| 2026-03-10| inv  | COMMISSION    | C  |       |   3.33| 20%
6| 2026-03-10| inv  | VAT_OUT       | C  |       |   0.67| VAT 20% on 3.33
7| 2026-03-10| entry| VENDOR_DUE    | A  |   4.00|       |
7| 2026-03-10| entry| VENDOR_AR     | A  |       |   4.00|
7| 2026-03-10| entry| VENDOR_DUE    | B  |   4.00|       |
7| 2026-03-10| entry| VENDOR_AR     | B  |       |   4.00|
7| 2026-03-10| entry| VENDOR_DUE    | C  |   4.00|       |
7| 2026-03-10| entry| VENDOR_AR     | C  |       |   4.00|
8| 2026-03-11| entry| BANK          | PSP| 100.00|       |
8| 2026-03-11| entry| PSP_CLEARING  | PSP|       | 100.00|
9| 2026-03-12| entry| VENDOR_DUE    | A  |  29.34|       |
9| 2026-03-12| entry| VENDOR_DUE    | B  |  29.33|       |
9| 2026-03-12| entry| VENDOR_DUE    | C  |  29.33|       |
9| 2026-03-12| entry| BANK          |    |       |  88.00|
"""

S3 = """
1| 2026-03-02| entry| PSP_CLEARING  | PSP| 92.17|      |
1| 2026-03-02| entry| VENDOR_PENDING| A  |      | 46.15|
1| 2026-03-02| entry| VENDOR_PENDING| B  |      | 45.06|
1| 2026-03-02| entry| VENDOR_PENDING| C  |      |  0.96|
2| 2026-03-05| entry| VENDOR_PENDING| A  | 46.15|      |
2| 2026-03-05| entry| VENDOR_DUE    | A  |      | 46.15|
2| 2026-03-05| entry| VENDOR_PENDING| B  | 45.06|      |
2| 2026-03-05| entry| VENDOR_DUE    | B  |      | 45.06|
2| 2026-03-05| entry| VENDOR_PENDING| C  |  0.96|      |
2| 2026-03-05| entry| VENDOR_DUE    | C  |      |  0.96|
3| 2026-03-10| inv  | VENDOR_AR     | A  |  6.16|      |
3| 2026-03-10| inv  | COMMISSION    | A  |      |  5.13| 20%
3| 2026-03-10| inv  | VAT_OUT       | A  |      |  1.03| VAT 20% on 5.13
4| 2026-03-10| inv  | VENDOR_AR     | B  |  6.00|      |
4| 2026-03-10| inv  | COMMISSION    | B  |      |  5.00| 20%
4| 2026-03-10| inv  | VAT_OUT       | B  |      |  1.00| VAT 20% on 5.00
5| 2026-03-10| inv  | VENDOR_AR     | C  |  0.13|      |
5| 2026-03-10| inv  | COMMISSION    | C  |      |  0.11| 20%
5| 2026-03-10| inv  | VAT_OUT       | C  |      |  0.02| VAT 20% on 0.11
6| 2026-03-10| entry| VENDOR_DUE    | A  |  6.16|      |
6| 2026-03-10| entry| VENDOR_AR     | A  |      |  6.16|
6| 2026-03-10| entry| VENDOR_DUE    | B  |  6.00|      |
6| 2026-03-10| entry| VENDOR_AR     | B  |      |  6.00|
6| 2026-03-10| entry| VENDOR_DUE    | C  |  0.13|      |
6| 2026-03-10| entry| VENDOR_AR     | C  |      |  0.13|
7| 2026-03-11| entry| BANK          | PSP| 92.17|      |
7| 2026-03-11| entry| PSP_CLEARING  | PSP|      | 92.17|
8| 2026-03-12| entry| VENDOR_DUE    | A  | 39.99|      |
8| 2026-03-12| entry| VENDOR_DUE    | B  | 39.06|      |
8| 2026-03-12| entry| VENDOR_DUE    | C  |  0.83|      |
8| 2026-03-12| entry| BANK          |    |      | 79.88|
"""

S5 = """
 1| 2026-03-02| entry| PSP_CLEARING  | PSP|  28.33|       |
 1| 2026-03-02| entry| VENDOR_PENDING| A  |       |  28.33|
 2| 2026-03-05| entry| VENDOR_PENDING| A  |  28.33|       |
 2| 2026-03-05| entry| VENDOR_DUE    | A  |       |  28.33|
 3| 2026-03-10| inv  | VENDOR_AR     | A  |   4.25|       |
 3| 2026-03-10| inv  | COMMISSION    | A  |       |   3.54| 20%
 3| 2026-03-10| inv  | VAT_OUT       | A  |       |   0.71| VAT 20% on 3.54
 4| 2026-03-10| entry| VENDOR_DUE    | A  |   4.25|       |
 4| 2026-03-10| entry| VENDOR_AR     | A  |       |   4.25|
 5| 2026-03-12| entry| VENDOR_DUE    | A  |   9.44|       |
 5| 2026-03-12| entry| PSP_CLEARING  | PSP|       |   9.44|
 6| 2026-03-12| cn   | COMMISSION    | A  |   1.18|       | 20%
 6| 2026-03-12| cn   | VAT_OUT       | A  |   0.24|       | VAT 20% on 1.18
 6| 2026-03-12| cn   | VENDOR_AR     | A  |       |   1.42|
 7| 2026-03-14| entry| VENDOR_DUE    | A  |   9.45|       |
 7| 2026-03-14| entry| PSP_CLEARING  | PSP|       |   9.45|
 8| 2026-03-14| cn   | COMMISSION    | A  |   1.18|       | 20%
 8| 2026-03-14| cn   | VAT_OUT       | A  |   0.24|       | VAT 20% on 1.18
 8| 2026-03-14| cn   | VENDOR_AR     | A  |       |   1.42|
 9| 2026-03-20| entry| VENDOR_AR     | A  |   2.84|       |
 9| 2026-03-20| entry| VENDOR_DUE    | A  |       |   2.84|
10| 2026-03-20| entry| BANK          | PSP|   9.44|       |
10| 2026-03-20| entry| PSP_CLEARING  | PSP|       |   9.44|
11| 2026-03-21| entry| VENDOR_DUE    | A  |   8.03|       |
11| 2026-03-21| entry| BANK          | A  |       |   8.03|
"""

S10 = """
 1| 2026-03-02| entry| PSP_CLEARING  | PSP| 119.99|       |
 1| 2026-03-02| entry| VENDOR_PENDING| N  |       |  99.99| 20%
 1| 2026-03-02| entry| VAT_DEEMED    | N  |       |  20.00| VAT 20% on 99.99
 2| 2026-03-09| entry| VENDOR_PENDING| N  |  99.99|       |
 2| 2026-03-09| entry| VENDOR_DUE    | N  |       |  99.99|
 3| 2026-03-10| inv  | VENDOR_AR     | N  |  10.00|       |
 3| 2026-03-10| inv  | COMMISSION    | N  |       |  10.00| 0%
 4| 2026-03-10| entry| VENDOR_DUE    | N  |  10.00|       |
 4| 2026-03-10| entry| VENDOR_AR     | N  |       |  10.00|
 5| 2026-03-12| entry| VENDOR_DUE    | N  |  50.00|       | 20%
 5| 2026-03-12| entry| VAT_DEEMED    | N  |  10.00|       | VAT 20% on 50.00
 5| 2026-03-12| entry| PSP_CLEARING  | PSP|       |  60.00|
 6| 2026-03-12| cn   | COMMISSION    | N  |   5.00|       | 0%
 6| 2026-03-12| cn   | VENDOR_AR     | N  |       |   5.00|
 7| 2026-03-20| entry| VENDOR_AR     | N  |   5.00|       |
 7| 2026-03-20| entry| VENDOR_DUE    | N  |       |   5.00|
 8| 2026-03-20| entry| BANK          | PSP|  59.99|       |
 8| 2026-03-20| entry| PSP_CLEARING  | PSP|       |  59.99|
 9| 2026-03-21| entry| VENDOR_DUE    | N  |  44.99|       |
 9| 2026-03-21| entry| BANK          | N  |       |  44.99|
10| 2026-04-30| entry| VAT_DEEMED    |    |  10.00|       |
10| 2026-04-30| entry| BANK          |    |       |  10.00|
"""

# Amounts in yen.
S11A = """
 1| 2026-03-02| entry| PSP_CLEARING  | PSP|  10001|       |
 1| 2026-03-02| entry| VENDOR_PENDING| A  |       |   3334|
 1| 2026-03-02| entry| VENDOR_PENDING| B  |       |   3334|
 1| 2026-03-02| entry| VENDOR_PENDING| C  |       |   3333|
 2| 2026-03-02| entry| VENDOR_PENDING| A  |   3334|       |
 2| 2026-03-02| entry| VENDOR_DUE    | A  |       |   3334|
 2| 2026-03-02| entry| VENDOR_PENDING| B  |   3334|       |
 2| 2026-03-02| entry| VENDOR_DUE    | B  |       |   3334|
 2| 2026-03-02| entry| VENDOR_PENDING| C  |   3333|       |
 2| 2026-03-02| entry| VENDOR_DUE    | C  |       |   3333|
 3| 2026-03-10| inv  | VENDOR_AR     | A  |    459|       |
 3| 2026-03-10| inv  | COMMISSION    | A  |       |    417| 10%
 3| 2026-03-10| inv  | VAT_OUT       | A  |       |     42| VAT 10% on 417.00
 4| 2026-03-10| inv  | VENDOR_AR     | B  |    459|       |
 4| 2026-03-10| inv  | COMMISSION    | B  |       |    417| 10%
 4| 2026-03-10| inv  | VAT_OUT       | B  |       |     42| VAT 10% on 417.00
 5| 2026-03-10| inv  | VENDOR_AR     | C  |    459|       |
 5| 2026-03-10| inv  | COMMISSION    | C  |       |    417| 10%
 5| 2026-03-10| inv  | VAT_OUT       | C  |       |     42| VAT 10% on 417.00
 6| 2026-03-10| entry| VENDOR_DUE    | A  |    459|       |
 6| 2026-03-10| entry| VENDOR_AR     | A  |       |    459|
 6| 2026-03-10| entry| VENDOR_DUE    | B  |    459|       |
 6| 2026-03-10| entry| VENDOR_AR     | B  |       |    459|
 6| 2026-03-10| entry| VENDOR_DUE    | C  |    459|       |
 6| 2026-03-10| entry| VENDOR_AR     | C  |       |    459|
 7| 2026-03-11| entry| VENDOR_DUE    | A  |   2875|       |
 7| 2026-03-11| entry| VENDOR_DUE    | B  |   2875|       |
 7| 2026-03-11| entry| VENDOR_DUE    | C  |   2874|       |
 7| 2026-03-11| entry| PSP_CLEARING  | PSP|       |   8624|
 8| 2026-03-11| entry| BANK          | PSP|   1377|       |
 8| 2026-03-11| entry| PSP_CLEARING  | PSP|       |   1377|
"""

S6 = """
 1| 2026-03-02| entry| PSP_CLEARING  | PSP| 120.00|       |
 1| 2026-03-02| entry| VENDOR_PENDING| A  |       | 120.00|
 2| 2026-03-04| entry| VENDOR_PENDING| A  | 120.00|       |
 2| 2026-03-04| entry| VENDOR_DUE    | A  |       | 120.00|
 3| 2026-03-10| inv  | VENDOR_AR     | A  |  14.40|       |
 3| 2026-03-10| inv  | COMMISSION    | A  |       |  12.00| 20%
 3| 2026-03-10| inv  | VAT_OUT       | A  |       |   2.40| VAT 20% on 12.00
 4| 2026-03-10| entry| VENDOR_DUE    | A  |  14.40|       |
 4| 2026-03-10| entry| VENDOR_AR     | A  |       |  14.40|
 5| 2026-03-11| entry| BANK          | PSP| 120.00|       |
 5| 2026-03-11| entry| PSP_CLEARING  | PSP|       | 120.00|
 6| 2026-03-11| entry| VENDOR_DUE    | A  | 105.60|       |
 6| 2026-03-11| entry| BANK          | A  |       | 105.60|
 7| 2026-03-15| entry| VENDOR_DUE    | A  | 120.00|       |
 7| 2026-03-15| entry| PSP_CLEARING  | PSP|       | 120.00|
 8| 2026-03-15| cn   | COMMISSION    | A  |  12.00|       | 20%
 8| 2026-03-15| cn   | VAT_OUT       | A  |   2.40|       | VAT 20% on 12.00
 8| 2026-03-15| cn   | VENDOR_AR     | A  |       |  14.40|
 9| 2026-03-20| entry| VENDOR_AR     | A  |  14.40|       |
 9| 2026-03-20| entry| VENDOR_DUE    | A  |       |  14.40|
10| 2026-03-21| entry| PSP_CLEARING  | PSP|  80.00|       |
10| 2026-03-21| entry| VENDOR_PENDING| A  |       |  80.00|
11| 2026-03-21| entry| VENDOR_PENDING| A  |  80.00|       |
11| 2026-03-21| entry| VENDOR_DUE    | A  |       |  80.00|
12| 2026-03-31| inv  | VENDOR_AR     | A  |   9.60|       |
12| 2026-03-31| inv  | COMMISSION    | A  |       |   8.00| 20%
12| 2026-03-31| inv  | VAT_OUT       | A  |       |   1.60| VAT 20% on 8.00
13| 2026-03-31| entry| VENDOR_DUE    | A  |   9.60|       |
13| 2026-03-31| entry| VENDOR_AR     | A  |       |   9.60|
14| 2026-04-05| entry| PSP_CLEARING  | PSP|  60.00|       |
14| 2026-04-05| entry| VENDOR_PENDING| A  |       |  60.00|
15| 2026-04-05| entry| VENDOR_PENDING| A  |  60.00|       |
15| 2026-04-05| entry| VENDOR_DUE    | A  |       |  60.00|
16| 2026-04-10| inv  | VENDOR_AR     | A  |   7.20|       |
16| 2026-04-10| inv  | COMMISSION    | A  |       |   6.00| 20%
16| 2026-04-10| inv  | VAT_OUT       | A  |       |   1.20| VAT 20% on 6.00
17| 2026-04-10| entry| VENDOR_DUE    | A  |   7.20|       |
17| 2026-04-10| entry| VENDOR_AR     | A  |       |   7.20|
18| 2026-04-11| entry| BANK          | PSP|  20.00|       |
18| 2026-04-11| entry| PSP_CLEARING  | PSP|       |  20.00|
19| 2026-04-11| entry| VENDOR_DUE    | A  |  17.60|       |
19| 2026-04-11| entry| BANK          | A  |       |  17.60|
"""

# The reserve is held and released by entries of its own.
S8 = """
 1| 2026-03-02| entry| PSP_CLEARING  | PSP| 20.00|      |
 1| 2026-03-02| entry| VENDOR_PENDING| A  |      | 20.00|
 2| 2026-03-04| entry| VENDOR_PENDING| A  | 20.00|      |
 2| 2026-03-04| entry| VENDOR_DUE    | A  |      | 20.00|
 3| 2026-03-04| entry| VENDOR_DUE    | A  |  2.00|      |
 3| 2026-03-04| entry| VENDOR_RESERVE| A  |      |  2.00|
 4| 2026-03-10| inv  | VENDOR_AR     | A  |  2.40|      |
 4| 2026-03-10| inv  | COMMISSION    | A  |      |  2.00| 20%
 4| 2026-03-10| inv  | VAT_OUT       | A  |      |  0.40| VAT 20% on 2.00
 5| 2026-03-10| entry| VENDOR_DUE    | A  |  2.40|      |
 5| 2026-03-10| entry| VENDOR_AR     | A  |      |  2.40|
 6| 2026-03-12| entry| PSP_CLEARING  | PSP| 30.00|      |
 6| 2026-03-12| entry| VENDOR_PENDING| A  |      | 30.00|
 7| 2026-03-14| entry| VENDOR_PENDING| A  | 30.00|      |
 7| 2026-03-14| entry| VENDOR_DUE    | A  |      | 30.00|
 8| 2026-03-14| entry| VENDOR_DUE    | A  |  3.00|      |
 8| 2026-03-14| entry| VENDOR_RESERVE| A  |      |  3.00|
 9| 2026-03-20| inv  | VENDOR_AR     | A  |  3.60|      |
 9| 2026-03-20| inv  | COMMISSION    | A  |      |  3.00| 20%
 9| 2026-03-20| inv  | VAT_OUT       | A  |      |  0.60| VAT 20% on 3.00
10| 2026-03-20| entry| VENDOR_DUE    | A  |  3.60|      |
10| 2026-03-20| entry| VENDOR_AR     | A  |      |  3.60|
11| 2026-03-20| entry| BANK          | PSP| 50.00|      |
11| 2026-03-20| entry| PSP_CLEARING  | PSP|      | 50.00|
12| 2026-03-21| entry| VENDOR_DUE    | A  | 39.00|      |
12| 2026-03-21| entry| PAYOUT_TRANSIT| A  |      | 39.00|
13| 2026-03-22| entry| PAYOUT_TRANSIT| A  | 39.00|      |
13| 2026-03-22| entry| BANK          | A  |      | 39.00|
14| 2026-03-24| entry| BANK          | A  | 35.00|      |
14| 2026-03-24| entry| PSP_FEES      |    |  4.00|      |
14| 2026-03-24| entry| VENDOR_DUE    | A  |      | 39.00|
15| 2026-03-28| entry| VENDOR_DUE    | A  | 39.00|      |
15| 2026-03-28| entry| BANK          | A  |      | 39.00|
16| 2026-06-20| entry| VENDOR_RESERVE| A  |  5.00|      |
16| 2026-06-20| entry| VENDOR_DUE    | A  |      |  5.00|
"""
