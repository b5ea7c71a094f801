{"specversion":"1.0","type":"muster.report.v1","source":"/h","id":"y","data":{"source":"/h","id":"y","kind":"street.vending","severity":1,"text":"v","grid":"500103005001"}}
